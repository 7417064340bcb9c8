using System.Collections.Concurrent;
using OsCircular.Peers.Membership;
using OsCircular.Sources.Transfers;

namespace OsCircular.Peers;

/// <summary>What every search among the peers needs; one for an agent.</summary>
internal sealed class PeerSet
{
    private const int MaxLeft = 1024;
    private static readonly TimeSpan LeftFor = TimeSpan.FromSeconds(10);

    private readonly Random _random;
    private readonly Lock _randomLock = new();
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<ulong, long> _left = new();
    private long _asked;

    public PeerSet(MemberTable members, Func<PeerHello> hello, PeerOptions options, PeerMetrics metrics, TimeProvider time, Random random)
    {
        Members = members;
        Hello = hello;
        Options = options;
        Metrics = metrics;
        Budget = new HedgeBudget(options.HedgeShare);
        _time = time;
        _random = random;
    }

    public MemberTable Members { get; }
    public Func<PeerHello> Hello { get; }
    public PeerOptions Options { get; }
    public PeerMetrics Metrics { get; }

    /// <summary>For second requests of every kind: hedges, and homes not waited for.</summary>
    public HedgeBudget Budget { get; }

    public TimeProvider Time => _time;

    /// <summary>Since this host last asked its peers for something.</summary>
    public TimeSpan SinceAsked => Volatile.Read(ref _asked) is > 0 and var asked ? _time.GetElapsedTime(asked) : TimeSpan.MaxValue;

    public void NoteAsked() => Volatile.Write(ref _asked, _time.GetTimestamp());

    /// <summary>Chance, evenly from [0, 1).</summary>
    public double Draw()
    {
        lock (_randomLock) return _random.NextDouble();
    }

    /// <summary>A home was not waited for: whoever goes on to a mirror must not wait for it again.</summary>
    public void NoteLeft(ulong key)
    {
        if (_left.Count >= MaxLeft) _left.Clear();
        _left[key] = _time.GetTimestamp();
    }

    /// <summary>Whether that happened just now.</summary>
    public bool WasLeft(ulong key) => _left.TryGetValue(key, out long at) && _time.GetElapsedTime(at) < LeftFor;

    /// <summary>A request to a member failed for want of an answer: it is not asked again before it has answered a look, which is made at once.</summary>
    public void NoteSilent(Member member)
    {
        if (Members.Missed(member)) member.Wake();
    }
}
