using OsCircular.Sources;
using OsCircular.Sources.Transfers;

namespace OsCircular.Mirrors;

/// <summary>One request's way over the mirrors: each is asked at most once in a round, in the order of their ranking.</summary>
internal sealed class MirrorSweep
{
    private readonly MirrorSource _source;
    private readonly WantedFile _file;
    private readonly Deadline _deadline;
    private readonly BlockRequest? _request;
    private readonly int[] _order;

    // Attempts of a round are started one after another; they end in any order.
    private int _next;
    private volatile BodyBuffer? _latest;
    private TransferEstimate _latestEstimate;
    private int _running;
    private int _worst;
    private int _transient;

    public MirrorSweep(MirrorSource source, WantedFile file, Deadline deadline, BlockRequest? request)
    {
        _request = request;
        _source = source;
        _file = file;
        _deadline = deadline;
        _order = new int[source.Slots.Count];
    }

    public Deadline Deadline => _deadline;

    /// <summary>True while an attempt of this round is under way.</summary>
    public bool IsRunning => Volatile.Read(ref _running) > 0;

    /// <summary>Whether a second mirror may be asked while one is: somebody waits, and no answer has begun.</summary>
    public bool MayHedge => _request is not { Class: not FetchClass.Reader } && _latest is not { HasBegun: true };

    public TimeSpan HedgeDelay => MirrorTiming.HedgeDelay(_latestEstimate, _source.Options.MinHedgeDelay);

    public bool HasNext => _next < _order.Length;

    /// <summary>Whether some mirror may answer better later.</summary>
    public bool MayRetry => Volatile.Read(ref _transient) != 0;

    /// <summary>The most telling failure of this round: missing only where all said so.</summary>
    public SourceError Verdict => Tell(Volatile.Read(ref _worst));

    public void BeginRound()
    {
        _source.Rank(_file.Length, _order);
        _next = 0;
        _worst = 0;
        _transient = 0;
    }

    /// <summary>Asks the next mirror of this round.</summary>
    public async ValueTask<SourceError> AskNextAsync(CancellationToken cancellationToken)
    {
        MirrorSlot slot = _source.Slots[_order[_next++]];
        BodyBuffer body = _file.Rent();
        _latestEstimate = slot.Estimate;
        _latest = body;
        Interlocked.Increment(ref _running);
        SourceError error = await slot.GetAsync(
            _file, body, noCache: false, MirrorTiming.AttemptLimit(_deadline, _order.Length - _next), cancellationToken);
        Interlocked.Decrement(ref _running);
        _file.Return(body);
        if (error != SourceError.None) Count(error);
        return error;
    }

    private void Count(SourceError error)
    {
        if (error is SourceError.Unreachable or SourceError.TimedOut or SourceError.Refused) Volatile.Write(ref _transient, 1);
        int weight = Weight(error);
        for (int seen = Volatile.Read(ref _worst); weight > seen; seen = Volatile.Read(ref _worst))
        {
            if (Interlocked.CompareExchange(ref _worst, weight, seen) == seen) return;
        }
    }

    // Wrong bytes say more than silence, a refusal more than no connection, and a miss says nothing of the others.
    private static int Weight(SourceError error) => error switch
    {
        SourceError.Missing => 1,
        SourceError.Unreachable => 2,
        SourceError.TimedOut => 3,
        SourceError.Refused => 4,
        SourceError.Invalid => 5,
        _ => 6,
    };

    private static SourceError Tell(int weight) => weight switch
    {
        1 => SourceError.Missing,
        2 => SourceError.Unreachable,
        3 => SourceError.TimedOut,
        4 => SourceError.Refused,
        5 => SourceError.Invalid,
        _ => SourceError.Cancelled,
    };
}
