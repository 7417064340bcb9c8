using OsCircular.TestKit;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests;

/// <summary>The README's first command.</summary>
public sealed class DemoTests
{
    [Fact(Timeout = 120_000)]
    public async Task Demo_OnThisMachine_ReadsAllRightAndLeavesNothing()
    {
        using var files = new TempDirectory();
        var environment = new Dictionary<string, string?> { ["TMPDIR"] = files.Path };
        ProcessResult demo = (await TestProcess.RunAsync(OsCircularProgram.FilePath, ["demo"], TimeSpan.FromMinutes(1), environment)).MustSucceed();
        string[] reads = [.. demo.Output.Split('\n').Where(line => line.StartsWith("  version", StringComparison.Ordinal))];
        Assert.Equal(4, reads.Length);
        Assert.All(reads, line => Assert.EndsWith("right", line.TrimEnd(), StringComparison.Ordinal));
        Assert.Equal(2, reads.Count(line => line.Contains("offline", StringComparison.Ordinal)));
        Assert.Empty(Directory.GetFileSystemEntries(files.Path));
    }
}
