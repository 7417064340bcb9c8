using OsCircular.TestKit;
using OsCircular.TestKit.Images;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.Guests;

/// <summary>The menu of versions, on a real terminal.</summary>
public sealed class VersionMenuTests
{
    private const string Down = "\e[B";
    private const string Up = "\e[A";
    private const string ControlC = "\u0003";

    // Before the menu waits for a key, Ctrl-C is the terminal's and a signal: 128 + SIGINT.
    private const int Interrupted = 130;

    private const string Title = "Which version?";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Fact(Timeout = 180_000)]
    public async Task Menu_Keys_MoveTakeAndLeave()
    {
        using TempDirectory files = new();
        using TestRepository repository = await TestRepository.CreateAsync();
        foreach (int seed in (int[])[1, 2])
        {
            SyntheticImage.Write(files["image.raw"], 8, seed);
            await repository.PublishAsync(files["image.raw"], "small");
        }

        await repository.PublishAsync(files["image.raw"], "other");
        await using MountedAgent agent = await MountedAgent.StartAsync(repository.PublicKey, [repository.Folder]);

        // By image, the newest first: other@1, small@2, small@1.
        Assert.Contains($"file={agent.DiskOf("other", "1")},", await AnswerAsync(agent, "\r", [0]), StringComparison.Ordinal);
        string screen = await AnswerAsync(agent, Down + Down + Up + Down + "\r", [0]);
        Assert.Contains($"file={agent.DiskOf("small", "1")},", screen, StringComparison.Ordinal);
        Assert.Contains("other@1", screen, StringComparison.Ordinal);
        Assert.Matches("> small@2 .*newest", screen); // where the first key led to

        foreach (string key in (string[])["q", "\e", ControlC])
        {
            string left = await AnswerAsync(agent, key, key == ControlC ? [1, Interrupted] : [1]);
            if (key != ControlC) Assert.Contains("oscircular: no version was chosen, and nothing was started", left, StringComparison.Ordinal);
            Assert.DoesNotContain("file=", left, StringComparison.Ordinal);
        }
    }

    /// <returns>All that stood on the screen, and what <c>--print</c> made of the choice.</returns>
    private static async Task<string> AnswerAsync(MountedAgent agent, string keys, int[] exitCodes)
    {
        await using TestProcess menu = OsCircularProgram.StartOnTerminal("vm", "run", "--mount", agent.Directory, "--accel", "tcg", "--print", "qemu");
        await menu.WaitForOutputAsync(Title, Limit);
        menu.Type(keys);
        ProcessResult ended = await menu.WaitForExitAsync(Limit);
        TestContext.Current.TestOutputHelper?.WriteLine(ended.Output);
        Assert.Contains(ended.ExitCode, exitCodes);
        return ended.Output;
    }
}
