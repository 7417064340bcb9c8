using System.Globalization;
using OsCircular.TestKit;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.Carrying;

/// <summary>Sticks wear out: what is good on one comes in, what is not is named, and the rest comes by another way.</summary>
public sealed class DamagedStickTests
{
    private const int Record = 512;

    [Fact(Timeout = 120_000)]
    public async Task Blocks_Damaged_AreNamedAndTheRestComesIn()
    {
        await using Stick stick = await Stick.CreateAsync();
        string file = await stick.ExportAsync("small.tar", "small");
        byte[] good = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        (string Path, int At)[] blocks = [.. Headers(good).Where(entry => entry.Path.StartsWith("blocks/", StringComparison.Ordinal))];
        byte[] worn = [.. good];
        worn[blocks[4].At + Record + 7] ^= 1; // in a block file
        worn[blocks[9].At + 20] ^= 1;         // in a header, so that a file is lost with its name

        await File.WriteAllBytesAsync(stick["worn.tar"], worn, TestContext.Current.CancellationToken);
        ProcessResult import = await stick.ImportAsync(stick["worn.tar"], "cache");
        Assert.True(import.ExitCode == 3, import.ToString());
        Assert.Contains($"{blocks[4].Path}: is damaged", import.Output, StringComparison.Ordinal);
        Assert.Contains("at 1 places", import.Output, StringComparison.Ordinal);
        Assert.Contains("small@1  lacks 2 blocks", import.Output, StringComparison.Ordinal);
        Assert.Equal(blocks.Length - 2, TestRepository.BlockFiles(stick["cache"]).Length);

        // Another copy has just what is missing to yield.
        Assert.Contains("imported 2 blocks", (await stick.ImportAsync(file, "cache")).MustSucceed().Output, StringComparison.Ordinal);
        await stick.AssertServesAsync("cache");
    }

    [Fact(Timeout = 120_000)]
    public async Task File_CutAtAnyPlace_BringsWhatCameBefore()
    {
        await using Stick stick = await Stick.CreateAsync();
        string file = await stick.ExportAsync("small.tar", "small");
        byte[] good = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        (string Path, int At)[] blocks = [.. Headers(good).Where(entry => entry.Path.StartsWith("blocks/", StringComparison.Ordinal))];
        foreach ((int count, int end) in ((int, int)[])[(2, blocks[2].At), (10, blocks[10].At + 100), (20, blocks[20].At + Record + 1000)])
        {
            await File.WriteAllBytesAsync(stick["cut.tar"], good[..end], TestContext.Current.CancellationToken);
            ProcessResult import = await stick.ImportAsync(stick["cut.tar"], "cache");
            Assert.True(import.ExitCode == 3, import.ToString());
            Assert.Contains("ends too early", import.Output, StringComparison.Ordinal);
            Assert.Equal(count, TestRepository.BlockFiles(stick["cache"]).Length);
        }

        // Adopted from the first on: what is there is served, and anybody may yield the rest.
        await using MountedAgent agent = await stick.Small.MountAsync([stick.Repository.Folder], stick["cache"]);
        await Disk.AssertSameAsync(stick.Small.Image, agent.DiskOf("small"));
    }

    [Fact(Timeout = 120_000)]
    public async Task Medium_FailsFromSomewhereOn_IsSaidAndWhatItYieldsComesIn()
    {
        await using Stick stick = await Stick.CreateAsync();
        string file = await stick.ExportAsync("small.tar", "small");
        byte[] good = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        (string Path, int At)[] blocks = [.. Headers(good).Where(entry => entry.Path.StartsWith("blocks/", StringComparison.Ordinal))];
        using TempDirectory files = new();
        await using LoopDisk disk = await LoopDisk.CreateAsync(files);
        string carried = Path.Combine(disk.Path, "small.tar");
        File.Copy(file, carried);
        await TestProcess.ShellAsync("sync -f \"$1\"", disk.Path);

        // Put in anew, so that nothing of it is in memory; then what its device stands on ends within a block file.
        await disk.TakeOutAsync();
        await Eventually.IsSoAsync(async () => !await disk.IsHeldAsync());
        await disk.PutInAsync();
        string extents = await TestProcess.ShellAsync("filefrag -b1 -e \"$1\" | tr '.:' ' ' | awk '$1 == \"0\" { print $4, $6 }'", carried);
        long[] first = [.. extents.Split(' ').Select(number => long.Parse(number, CultureInfo.InvariantCulture))];
        Assert.True(first[1] > blocks[16].At, $"the file lies in pieces: {extents}");
        await TestProcess.ShellAsync("truncate -s \"$1\" \"$2\"", $"{(first[0] + blocks[16].At - 1) & -4096}", files["disk.img"]);

        ProcessResult import = await stick.ImportAsync(carried, "cache");
        Assert.True(import.ExitCode == 3, import.ToString());
        int taken = TestRepository.BlockFiles(stick["cache"]).Length;
        Assert.InRange(taken, 1, 15);

        // The kernel may give up more than one page at once, so that the header is lost with the block file.
        Assert.Matches($"{blocks[taken].Path}: is damaged|at 1 places", import.Output);
        Assert.Matches("small.tar: its medium failed [0-9]+ reads", import.Output);
        Assert.DoesNotContain("ends too early", import.Output, StringComparison.Ordinal);

        string rest = $"imported {blocks.Length - taken} blocks";
        Assert.Contains(rest, (await stick.ImportAsync(file, "cache")).MustSucceed().Output, StringComparison.Ordinal);
        await stick.AssertServesAsync("cache");
    }

    [Fact(Timeout = 120_000)]
    public async Task HeadOrManifest_Damaged_NothingIsTaken()
    {
        await using Stick stick = await Stick.CreateAsync(blocks: 8);
        byte[] good = await File.ReadAllBytesAsync(await stick.ExportAsync("small.tar", "small"), TestContext.Current.CancellationToken);
        (string Path, int At)[] entries = [.. Headers(good)];
        foreach (int entry in (int[])[0, 1])
        {
            byte[] worn = [.. good];
            worn[entries[entry].At + Record + 150] ^= 1;
            await File.WriteAllBytesAsync(stick["worn.tar"], worn, TestContext.Current.CancellationToken);
            Refusal.Assert(await stick.ImportAsync(stick["worn.tar"], "cache"), "its ");
            Assert.Empty(TestRepository.BlockFiles(stick["cache"]));
        }
    }

    [Fact(Timeout = 120_000)]
    public async Task IndexPage_Damaged_BlocksComeInAndTheHeadWhenThePageDoes()
    {
        await using Stick stick = await Stick.CreateAsync();
        string file = await stick.ExportAsync("small.tar", "small");
        byte[] worn = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        (string path, int at) = Headers(worn).Single(entry => entry.Path.StartsWith("indexes/", StringComparison.Ordinal));
        worn[at + Record + 100] ^= 1;
        await File.WriteAllBytesAsync(stick["worn.tar"], worn, TestContext.Current.CancellationToken);
        ProcessResult import = await stick.ImportAsync(stick["worn.tar"], "cache");
        Assert.True(import.ExitCode == 3, import.ToString());
        Assert.Contains($"{path}: is damaged", import.Output, StringComparison.Ordinal);
        Assert.Contains("not adopted yet", import.Output, StringComparison.Ordinal);
        Assert.Equal(stick.Repository.BlockFiles().Length, TestRepository.BlockFiles(stick["cache"]).Length);
        Assert.Contains("imported 0 blocks", (await stick.ImportAsync(file, "cache")).MustSucceed().Output, StringComparison.Ordinal);
        await stick.AssertServesAsync("cache");
    }

    /// <summary>Where each file's header stands: after the first two records, which are the comment.</summary>
    private static IEnumerable<(string Path, int At)> Headers(byte[] tar)
    {
        for (int at = 2 * Record; tar[at] != 0;)
        {
            string path = System.Text.Encoding.ASCII.GetString(tar, at, 100).TrimEnd('\0');
            int length = Convert.ToInt32(System.Text.Encoding.ASCII.GetString(tar, at + 124, 11), 8);
            yield return (path, at);
            at += Record + ((length + Record - 1) / Record * Record);
        }
    }
}
