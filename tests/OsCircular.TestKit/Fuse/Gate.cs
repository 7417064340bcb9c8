using OsCircular.Fuse;

namespace OsCircular.TestKit.Fuse;

/// <summary>Holds requests back until opened, without a thread for each: the way a file system waits for the network.</summary>
public sealed class Gate : IFuseInterruptible
{
    private readonly Lock _gate = new();
    private readonly List<(FuseRequest Request, Action Answer)> _held = [];
    private readonly SemaphoreSlim _arrived = new(0);
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
    public async Task ArrivedAsync(CancellationToken token)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(token);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        await _arrived.WaitAsync(limit.Token);
    }

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

        if (found) request.ReplyError(FuseError.EINTR);
    }
}
