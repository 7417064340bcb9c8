using OsCircular.Fuse;

namespace OsCircular.TestKit.Fuse;

/// <summary>Holds requests back until opened, without a thread for each: the way a file system waits for the network.</summary>
public sealed class Gate : IFuseInterruptible
{
    private readonly Lock _gate = new();
    private readonly List<(FuseRequest Request, Action Answer)> _held = [];
    private readonly SemaphoreSlim _arrived = new(0);
    private readonly SemaphoreSlim _interrupted = new(0);
    private bool _open;

    /// <summary>How many waiting requests were interrupted.</summary>
    public int Interrupts { get; private set; }

    /// <summary>Runs the answer now or when the gate opens.</summary>
    public void Pass(FuseRequest request, Action answer)
    {
        lock (_gate)
        {
            if (!_open && request.TrySetInterruptHandler(this))
            {
                _held.Add((request, answer));
                _arrived.Release();
                return;
            }
        }

        answer();
    }

    /// <summary>Completes when one more request waits here.</summary>
    public Task ArrivedAsync() => NextAsync(_arrived);

    /// <summary>Completes when one more waiting request was interrupted.</summary>
    public Task InterruptedAsync() => NextAsync(_interrupted);

    public void Open()
    {
        List<(FuseRequest Request, Action Answer)> held;
        lock (_gate)
        {
            _open = true;
            held = [.. _held];
            _held.Clear();
        }

        foreach ((_, Action answer) in held) answer();
    }

    public void OnInterrupt(FuseRequest request)
    {
        bool found;
        lock (_gate)
        {
            found = _held.RemoveAll(held => held.Request == request) > 0;
            if (found) Interrupts++;
        }

        if (!found) return;
        request.ReplyError(FuseError.EINTR);
        _interrupted.Release();
    }

    private static async Task NextAsync(SemaphoreSlim events)
    {
        if (!await events.WaitAsync(TimeSpan.FromSeconds(20))) throw new TimeoutException("no request came to the gate");
    }
}
