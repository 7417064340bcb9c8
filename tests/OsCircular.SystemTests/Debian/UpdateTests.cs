using System.Diagnostics;
using System.Security.Cryptography;
using OsCircular.TestKit;
using OsCircular.TestKit.Images;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.Debian;

/// <summary>Version 2 is the same disk after <c>apt-get install</c> in it, published while version 1 is mounted and open.</summary>
[Collection("Debian")]
public sealed class UpdateTests(DebianFixture debian)
{
    [Fact(Timeout = 400_000)]
    public async Task Update_WhileMounted_AddsOnlyChangesAndIsFollowed()
    {
        (HashSet<string> old, int changedAt) = Blocks(debian.Image.Version1, debian.Image.Version2);
        (HashSet<string> fresh, _) = Blocks(debian.Image.Version2, debian.Image.Version2);
        fresh.ExceptWith(old);
        int before = debian.Repository.BlockFiles().Length;
        string link = Path.Combine(debian.Agent.Directory, "debian", "latest");
        Assert.Equal("1", File.ResolveLinkTarget(link, returnFinalTarget: false)!.Name);
        await using FileStream open = File.OpenRead(debian.Agent.DiskOf("debian"));

        await debian.Repository.PublishAsync(debian.Image.Version2, "debian");
        long published = Stopwatch.GetTimestamp();
        Assert.Equal(fresh.Count, debian.Repository.BlockFiles().Length - before);

        await Eventually.IsSoAsync(
            () => Task.FromResult(File.ResolveLinkTarget(link, returnFinalTarget: false)!.Name == "2"),
            () => Task.FromResult("latest did not follow a refresh of 1 s"), TimeSpan.FromSeconds(10));

        TestContext.Current.TestOutputHelper?.WriteLine($"latest followed after {Stopwatch.GetElapsedTime(published).TotalSeconds:F2} s");
        Assert.Equal(BlockAt(debian.Image.Version1, changedAt), Block(open, changedAt));
        Assert.Equal(BlockAt(debian.Image.Version2, changedAt), BlockAt(debian.Agent.DiskOf("debian"), changedAt));
        await Disk.AssertSameAsync(debian.Image.Version2, debian.Agent.DiskOf("debian", "2"));
        await Disk.AssertSameAsync(debian.Image.Version1, debian.Agent.DiskOf("debian", "1"));

        await using Qemu guest = await Qemu.StartAsync(debian.Image, debian.Agent.DiskOf("debian", "2"), debian.Files);
        Assert.Contains($"{DebianImage.MultiUserLine} 2", await guest.WaitForMultiUserAsync(), StringComparison.Ordinal);
    }

    /// <summary>The digests of the first image's blocks that are not all zeros, and where it first differs from the second.</summary>
    private static (HashSet<string> Digests, int FirstDifference) Blocks(string image, string other)
    {
        var digests = new HashSet<string>();
        int firstDifference = -1;
        using FileStream one = File.OpenRead(image), two = File.OpenRead(other);
        for (int block = 0; (long)block * SyntheticImage.BlockSize < one.Length; block++)
        {
            byte[] bytes = Block(one, block);
            if (firstDifference < 0 && !bytes.AsSpan().SequenceEqual(Block(two, block))) firstDifference = block;
            if (bytes.AsSpan().ContainsAnyExcept((byte)0)) digests.Add(Convert.ToHexString(SHA256.HashData(bytes)));
        }

        return (digests, firstDifference);
    }

    private static byte[] BlockAt(string path, int block)
    {
        using FileStream file = File.OpenRead(path);
        return Block(file, block);
    }

    private static byte[] Block(FileStream file, int block)
    {
        byte[] bytes = new byte[SyntheticImage.BlockSize];
        int length = RandomAccess.Read(file.SafeFileHandle, bytes, (long)block * SyntheticImage.BlockSize);
        return bytes[..length];
    }
}
