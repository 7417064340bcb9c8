using OsCircular.Sources;

namespace OsCircular.TestKit.Sources;

/// <summary>What goes wrong with one fetch.</summary>
/// <param name="Error">The answer in place of the inner source's; <see cref="SourceError.None"/> asks the inner source.</param>
/// <param name="Until">The fetch waits for this first, or for its deadline or token.</param>
/// <param name="Scribble">Overwrites the lent buffer first, as a broken transfer does.</param>
public readonly record struct Fault(SourceError Error, Task? Until = null, bool Scribble = false)
{
    public static Fault None => default;

    /// <summary>Bytes came, but wrong ones.</summary>
    public static Fault WrongBytes => new(SourceError.Invalid, Scribble: true);

    public static Fault HeldUntil(Task gate) => new(SourceError.None, gate);
    public static implicit operator Fault(SourceError error) => new(error);
}

/// <summary>Wraps any source and lets a rule decide what goes wrong, for each request and each call counted from 0.</summary>
public sealed class FaultySource : IBlockSource
{
    private readonly IBlockSource _inner;
    private readonly Func<BlockRequest, int, Fault> _rule;
    private int _calls;

    public FaultySource(IBlockSource inner, Func<BlockRequest, int, Fault> rule)
    {
        _inner = inner;
        _rule = rule;
    }

    public int Calls => Volatile.Read(ref _calls);

    public async ValueTask<Fetched> FetchAsync(BlockRequest request, Memory<byte> destination, CancellationToken cancellationToken)
    {
        Fault fault = _rule(request, Interlocked.Increment(ref _calls) - 1);
        if (fault.Scribble) destination.Span.Fill(0xA5);
        try
        {
            if (fault.Until is { } gate) await gate.WaitAsync(request.Deadline.Remaining, request.Deadline.Time, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            return SourceError.Cancelled;
        }
        catch (TimeoutException)
        {
            return SourceError.TimedOut;
        }

        return fault.Error == SourceError.None ? await _inner.FetchAsync(request, destination, cancellationToken) : fault.Error;
    }

    public override string ToString() => $"faulty -> {_inner}";
}
