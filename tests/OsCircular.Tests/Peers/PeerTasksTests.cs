using OsCircular.Peers;
using OsCircular.TestKit.Peers;

namespace OsCircular.Tests.Peers;

public sealed class PeerTasksTests
{
    private readonly WatchedTime _time = new();
    private readonly RecordedLog _log = new();

    [Fact]
    public async Task Run_FailsOnce_IsToldAndBegunAnew()
    {
        await using PeerTasks tasks = new(_time, _log);
        TaskCompletionSource second = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int runs = 0;
        tasks.Run("a test", _ =>
        {
            if (++runs == 1) throw new InvalidOperationException("first");
            second.SetResult();
            return Task.CompletedTask;
        });
        await _time.WaitForTimerAsync(PeerTasks.Pause, PeerTasks.Pause);
        Assert.Contains("a test failed", Assert.Single(_log.Lines), StringComparison.Ordinal);
        _time.Advance(PeerTasks.Pause);
        await second.Task.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Dispose_WhileTasksRun_CancelsAndAwaitsThem()
    {
        PeerTasks tasks = new(_time, _log);
        bool ended = false;
        TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        tasks.Run("waiting", async token =>
        {
            begun.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, _time, token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            ended = true;
            token.ThrowIfCancellationRequested();
        });
        await begun.Task.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        await tasks.DisposeAsync();
        Assert.True(ended);
        Assert.Empty(_log.Lines);

        // And nothing begins any more.
        tasks.Run("late", _ => throw new InvalidOperationException("late"));
        await tasks.DisposeAsync();
        Assert.Empty(_log.Lines);
    }

    [Fact]
    public async Task Dispose_WhileAFailureIsWaitedOut_DoesNotWait()
    {
        PeerTasks tasks = new(_time, _log);
        tasks.Run("failing", _ => throw new InvalidOperationException("always"));
        await _time.WaitForTimerAsync(PeerTasks.Pause, PeerTasks.Pause);
        await tasks.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
    }
}
