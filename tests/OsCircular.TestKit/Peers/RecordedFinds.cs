using System.Net;
using OsCircular.Peers.Discovery;
using Xunit;

namespace OsCircular.TestKit.Peers;

/// <summary>Keeps what discovery brings, and lets a test wait for it.</summary>
public sealed class RecordedFinds : IPeerFinds
{
    private readonly Lock _lock = new();
    private readonly List<(IPEndPoint Address, PeerFindSource? Source)> _all = [];
    private TaskCompletionSource _changed = NewSignal();

    /// <summary>In the order in which they came; those without a source are leaving.</summary>
    public IReadOnlyList<(IPEndPoint Address, PeerFindSource? Source)> All
    {
        get
        {
            lock (_lock) return [.. _all];
        }
    }

    public void Found(IPEndPoint address, PeerFindSource source) => Add(address, source);

    public void Leaving(IPEndPoint address) => Add(address, null);

    /// <summary>Waits until <paramref name="address"/> was brought by <paramref name="source"/>; null for leaving.</summary>
    public async Task WaitForAsync(IPEndPoint address, PeerFindSource? source, TimeSpan limit)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        end.CancelAfter(limit);
        for (;;)
        {
            Task changed;
            lock (_lock)
            {
                if (_all.Contains((address, source))) return;
                changed = _changed.Task;
            }

            try
            {
                await changed.WaitAsync(end.Token);
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException($"No {address} by {source?.ToString() ?? "good-bye"} within {limit.TotalSeconds} s, but {string.Join(", ", All)}");
            }
        }
    }

    private void Add(IPEndPoint address, PeerFindSource? source)
    {
        TaskCompletionSource changed;
        lock (_lock)
        {
            _all.Add((address, source));
            changed = _changed;
            _changed = NewSignal();
        }

        changed.SetResult();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
