using System.Text.RegularExpressions;
using OsCircular.TestKit;
using OsCircular.TestKit.Images;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.Publishing;

/// <summary>What the publisher asks of the kernel, and in which order: nothing the head needs may still be unsynced when it is put in place.</summary>
public sealed partial class WriteOrderTests
{
    [Fact(Timeout = 120_000)]
    public async Task Publish_SystemCalls_SyncTheFilesThenTheHeadThenItsFolder()
    {
        using TestRepository repository = await TestRepository.CreateAsync();
        using var files = new TempDirectory();
        SyntheticImage.Write(files["image.raw"], 32, seed: 1);
        string trace = files["trace"];
        (await TestProcess.RunAsync(
            "strace",
            ["-f", "-y", "-e", "trace=syncfs,fsync,fdatasync,rename,renameat,renameat2,link,linkat", "-o", trace,
                OsCircularProgram.FilePath, .. repository.PublishArguments(files["image.raw"], "image")],
            TimeSpan.FromMinutes(1))).MustSucceed();

        string[] calls = [.. (await File.ReadAllLinesAsync(trace)).Where(line => Call().IsMatch(line))];
        int head = Array.FindIndex(calls, line => line.Contains("rename", StringComparison.Ordinal) && line.Contains("/head.minisig\"", StringComparison.Ordinal));
        int lastOther = Array.FindLastIndex(calls, line => line.Contains("rename", StringComparison.Ordinal) && !line.Contains("/head.minisig\"", StringComparison.Ordinal));
        int all = Array.FindLastIndex(calls, line => line.Contains(" syncfs(", StringComparison.Ordinal));
        int headBytes = Array.FindIndex(calls, all + 1, line => line.Contains(" fsync(", StringComparison.Ordinal));
        int folder = Array.FindLastIndex(calls, line => line.Contains(" fsync(", StringComparison.Ordinal) && line.Contains($"<{repository.Folder}>", StringComparison.Ordinal));
        string said = string.Join('\n', calls.TakeLast(12));
        Assert.True(0 <= lastOther && lastOther < all, $"files were put in place after syncfs:\n{said}");
        Assert.True(all < headBytes && headBytes < head, $"the head's bytes were not synced before it was put in place:\n{said}");
        Assert.True(head < folder, $"the folder was not synced after the head was put in place:\n{said}");
    }

    [GeneratedRegex(@"^\d+ +(syncfs|fsync|fdatasync|rename|link)")]
    private static partial Regex Call();
}
