using OsCircular.TestKit.Images;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests;

/// <summary>Reads disks by other programs, so that a read that hangs can be killed and never hangs the tests.</summary>
internal static class Disk
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    /// <summary>Every byte is the same, as <c>cmp</c> sees it.</summary>
    public static async Task AssertSameAsync(string image, string disk)
    {
        ProcessResult compared = await TestProcess.RunAsync("cmp", [image, disk], Limit);
        Assert.True(compared.ExitCode == 0, compared.ToString());
    }

    /// <summary>The same for the blocks from <paramref name="first"/> on.</summary>
    public static async Task AssertSameAsync(string image, string disk, int first, int blocks)
    {
        long skip = (long)first * SyntheticImage.BlockSize, bytes = (long)blocks * SyntheticImage.BlockSize;
        ProcessResult compared = await TestProcess.RunAsync("cmp", ["-i", $"{skip}", "-n", $"{bytes}", image, disk], Limit);
        Assert.True(compared.ExitCode == 0, compared.ToString());
    }

    /// <summary>Reads one block with <c>dd</c>.</summary>
    public static TestProcess StartReading(string disk, int block) =>
        TestProcess.Start("dd", [$"if={disk}", "of=/dev/null", $"bs={SyntheticImage.BlockSize}", $"skip={block}", "count=1", "status=none"]);
}
