using Microsoft.Extensions.Logging;
using OsCircular.Peers.Choice;
using OsCircular.Peers.Client;
using OsCircular.Peers.Membership;
using OsCircular.Sources;
using OsCircular.Sources.Transfers;

namespace OsCircular.Peers;

/// <summary>What every search among the peers needs; one for an agent.</summary>
internal sealed class PeerSet
{
    private readonly Random _random;
    private readonly Lock _randomLock = new();
    private readonly TimeProvider _time;
    private readonly BriefMemory<ulong> _left;
    private readonly BriefMemory<(ulong Key, PeerId Peer)> _inVain;
    private readonly Seldom _defects;
    private readonly ILogger _logger;
    private long _asked;

    public PeerSet(MemberTable members, Func<PeerHello> hello, PeerOptions options, Patience patience, PeerMetrics metrics, TimeProvider time, Random random, ILogger logger)
    {
        Members = members;
        Hello = hello;
        Options = options;
        Patience = patience;
        Metrics = metrics;
        Budget = new HedgeBudget(options.HedgeShare);
        _time = time;
        _random = random;
        _logger = logger;
        _defects = new Seldom(TimeSpan.FromMinutes(1), time);
        _left = new BriefMemory<ulong>(TimeSpan.FromSeconds(10), time);
        _inVain = new BriefMemory<(ulong Key, PeerId Peer)>(TimeSpan.FromSeconds(3), time);
    }

    public MemberTable Members { get; }
    public Func<PeerHello> Hello { get; }
    public PeerOptions Options { get; }

    /// <summary>How long a member may be silent.</summary>
    public Patience Patience { get; }

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
    public void NoteLeft(ulong key) => _left.Note(key);

    /// <summary>Whether that happened just now.</summary>
    public bool WasLeft(ulong key) => _left.Has(key);

    /// <summary>A member that should hold this did not give it: one search looks at the holders several times, and asks each once.</summary>
    public void NoteInVain(ulong key, Member holder) => _inVain.Note((key, holder.Id));

    /// <summary>Whether that happened just now.</summary>
    public bool WasInVain(ulong key, Member holder) => _inVain.Has((key, holder.Id));

    /// <summary>A request to a member failed for want of an answer: it is not asked again before it has answered a look, which is made at once.</summary>
    public void NoteSilent(Member member)
    {
        if (Members.Missed(member)) member.Wake();
    }

    /// <summary>Asks a member once; see <see cref="PeerLink.GetAsync"/>. Never throws: a defect of ours counts against no peer, and the search goes on elsewhere.</summary>
    public async ValueTask<PeerAnswer> AskAsync(
        Member member, WantedFile file, string? fetch, BlockRequest? request, TimeSpan limit, CancellationToken cancellationToken)
    {
        try
        {
            BodyBuffer body = file.Rent();
            PeerAnswer answer = await member.Link.GetAsync(file, fetch, request, body, limit, cancellationToken).ConfigureAwait(false);
            file.Return(body);
            return answer;
        }
        catch (Exception defect)
        {
            NoteDefect(defect);
            return new PeerAnswer(SourceError.Refused, "not asked");
        }
    }

    /// <summary>Something failed that should not; the log tells, once a minute at most.</summary>
    public void NoteDefect(Exception defect)
    {
        if (_defects.IsDue()) _logger.SearchFailed(defect);
    }
}
