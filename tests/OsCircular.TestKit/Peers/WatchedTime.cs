using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace OsCircular.TestKit.Peers;

/// <summary>Time that stands still until told, and that tells when somebody begins to wait: only then may a test move it on.</summary>
public sealed class WatchedTime : FakeTimeProvider
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private readonly Channel<TimeSpan> _timers = Channel.CreateUnbounded<TimeSpan>();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ITimer timer = base.CreateTimer(callback, state, dueTime, period);
        _timers.Writer.TryWrite(dueTime);
        return timer;
    }

    /// <summary>Waits for the next timer within these bounds, passes over others, and says for how long it is set.</summary>
    public async Task<TimeSpan> WaitForTimerAsync(TimeSpan least, TimeSpan most)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        end.CancelAfter(Limit);
        for (;;)
        {
            TimeSpan due = await _timers.Reader.ReadAsync(end.Token);
            if (due >= least && due <= most) return due;
        }
    }
}
