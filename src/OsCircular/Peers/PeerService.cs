using System.Net;
using Microsoft.Extensions.Logging;
using OsCircular.Peers.Choice;
using OsCircular.Peers.Client;
using OsCircular.Peers.Discovery;
using OsCircular.Peers.Homes;
using OsCircular.Peers.Membership;
using OsCircular.Peers.Summaries;
using OsCircular.Sources;
using Polly;

namespace OsCircular.Peers;

/// <summary>
/// This agent's place in its group: whom it knows, what it asks them, and what it answers. Made first, for the chain of sources needs it; told by
/// <see cref="Serve"/> what it can fetch for others; started when the listener has its port. Disposing says good-bye and ends every task.
/// </summary>
public sealed partial class PeerService : IPeerDesk, IAsyncDisposable
{
    private readonly PeerOptions _options;
    private readonly PeerMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Func<PeerStanding> _standing;
    private readonly PeerIdentity _identity;
    private readonly PeerConducts _conducts;
    private readonly Patience _patience;
    private readonly PeerSet _peers;
    private readonly SummaryWriter _writer;
    private readonly SummaryRoom _room;
    private readonly DuplicateCount _duplicates;
    private readonly PeerSource _source;
    private readonly HolderSource _holders;
    private readonly PeerTasks _tasks;
    private static readonly TimeSpan LateAtStart = TimeSpan.FromMilliseconds(30);

    private readonly TaskCompletionSource _settled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Seldom _headLooks;
    private readonly Seldom _full;
    private Greeter? _greeter;
    private PeerDiscovery? _discovery;
    private HomeFetches? _homes;
    private HomeParts? _parts;
    private volatile int _port;

    /// <param name="id">This agent's.</param>
    /// <param name="access">Who may be a member.</param>
    /// <param name="options">Valid ones.</param>
    /// <param name="names">What this host holds.</param>
    /// <param name="standing">What it has adopted, and whether it can fetch; asked often.</param>
    /// <param name="metrics">Counts.</param>
    /// <param name="time">Of every wait.</param>
    /// <param name="random">Used under a lock.</param>
    /// <param name="logger">For events 900 to 999.</param>
    public PeerService(
        PeerId id, PeerAccess access, PeerOptions options, IHeldNames names, Func<PeerStanding> standing, PeerMetrics metrics, TimeProvider time, Random random,
        ILogger<PeerService> logger)
    {
        Id = id;
        Access = access;
        _options = options;
        _metrics = metrics;
        _time = time;
        _logger = logger;
        _standing = standing;
        _identity = new PeerIdentity(id, () => Hello, access.Key);
        _conducts = new PeerConducts(options.Ban, time);
        _tasks = new PeerTasks(time, logger);
        _patience = new Patience(options.Silence, time);
        _peers = new PeerSet(new MemberTable(id, Make, options, time), () => Hello, options, _patience, metrics, time, random, logger);
        _writer = new SummaryWriter(names, (ulong)random.NextInt64());
        _duplicates = new DuplicateCount(names, metrics);
        _room = new SummaryRoom(_peers.Members, options.SummaryMemory, _duplicates, time);
        _headLooks = new Seldom(HeadLook.Least, time);
        _full = new Seldom(TimeSpan.FromMinutes(1), time);
        ResiliencePipeline<HolderStep> pipeline = HolderSweep.Pipeline(time);
        _source = new PeerSource(_peers, pipeline, _settled.Task);
        _holders = new HolderSource(_peers, pipeline);
    }

    /// <summary>This agent's.</summary>
    public PeerId Id { get; }

    /// <summary>Who may be a member.</summary>
    public PeerAccess Access { get; }

    /// <summary>The group as a source of blocks: holders, then the home. Missing where this host is the home.</summary>
    public IBlockSource Blocks => _source;

    /// <summary>The same for documents.</summary>
    public IDocumentSource Documents => _source;

    /// <summary>What a home asks before its mirrors.</summary>
    public IBlockSource HolderBlocks => _holders;

    /// <summary>The same for documents.</summary>
    public IDocumentSource HolderDocuments => _holders;

    /// <summary>Members that have a newer head.</summary>
    public IHeadSources Heads => new PeerHeads(_peers);

    /// <summary>A member told of a newer head than this host has. Raised on any thread, seldom; handlers must be quick and not throw.</summary>
    public event Action? NewerHead;

    /// <summary>Says what this host can fetch for others; before the listener starts.</summary>
    public void Serve(HomeParts parts)
    {
        _parts = parts;
        _homes = new HomeFetches(parts, _options, _time, _logger);
    }

    /// <summary>Begins to look for peers.</summary>
    /// <param name="port">Where the listener listens, 1 to 65535.</param>
    /// <param name="discovery">Where to look.</param>
    /// <param name="remember">Takes the bytes of <see cref="RememberedPeers"/>, now and then; may fail with an <see cref="IOException"/>.</param>
    public void Start(int port, DiscoveryOptions discovery, Action<byte[]> remember)
    {
        _port = port;
        _greeter = new Greeter(_peers, Access, address => new PeerLanes(address, _identity, _options, _patience, _time), Met, _logger);
        _tasks.Run("looking how late this host is", _patience.RunAsync);
        _tasks.Run("greeting", _greeter.RunAsync);
        _tasks.Run("greeting again", _greeter.FindAgainAsync);
        _tasks.Run("asking members whom they know", _greeter.ExchangeAsync);
        _tasks.Run("settling", SettleAsync);
        _tasks.Run("remembering", token => RememberAsync(remember, token));
        _discovery = new PeerDiscovery(new DiscoverySelf(Access, Id, port), discovery, _greeter, _peers.Draw, _time, _logger);
        _discovery.Run(_tasks);
    }

    /// <summary>What this agent says of itself has changed in a way that homes depend on: every member is told at once.</summary>
    public void Announce()
    {
        foreach (Member member in _peers.Members.All) member.Wake();
    }

    public async ValueTask DisposeAsync()
    {
        _settled.TrySetResult();
        await _tasks.DisposeAsync().ConfigureAwait(false);
        if (_homes is not null) await _homes.DisposeAsync().ConfigureAwait(false);
        _discovery?.Dispose();
        _room.Dispose();
        _peers.Members.Dispose();
    }

    private Member Make(IPEndPoint address, PeerHello hello)
    {
        Conduct conduct = _conducts.Of(address);
        return new Member(address, hello, new PeerLink(address, _identity, conduct, _options, _patience, _metrics, _time, _logger), conduct, _time);
    }

    // Anyone who answered a greeting, or greeted.
    private void Met(IPEndPoint address, PeerHello hello, string how)
    {
        if (hello.Group != Access.Group) return;
        switch (_peers.Members.Hear(address, hello, out Member? member))
        {
            case Hearing.New:
                _logger.PeerMet(address.ToString(), hello.Id, how);
                var follower = new Follower(_peers, _room, (followed, said) => Met(followed.Address, said, ""), _logger);
                _tasks.Run("following a peer", token => follower.RunAsync(member!, token));
                break;
            case Hearing.Full:
                if (_full.IsDue()) _logger.PeerNotTaken(address.ToString(), "there are too many members already, in all or at that address; further ones are not told of for a minute");
                break;
        }

        // Anybody may announce anything: so often at most, whoever does.
        if (member is not null && PeerHeads.IsNewer(member.Hello, Hello) && member.HeadLook.IsDue(member.Hello.Sequence) && _headLooks.IsDue()) NewerHead?.Invoke();
    }

    // Members greet whom they hear of within the first half: who has heard nothing by then is alone, and spares its first reader the second. Unless it is this host
    // that is late, for then nothing follows from silence.
    private async Task SettleAsync(CancellationToken cancellationToken)
    {
        TimeSpan half = _options.SettleTime / 2;
        long started = _time.GetTimestamp();
        await Task.Delay(half, _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        bool isLate = _time.GetElapsedTime(started) - half > LateAtStart;
        if (isLate || !_greeter!.IsQuiet || _peers.Members.All.Length > 0)
            await Task.Delay(half, _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _settled.TrySetResult();
    }

    private async Task RememberAsync(Action<byte[]> remember, CancellationToken cancellationToken)
    {
        byte[] written = [];
        while (!cancellationToken.IsCancellationRequested)
        {
            await Task.Delay(TimeSpan.FromSeconds(30), _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            var today = DateOnly.FromDateTime(_time.GetUtcNow().UtcDateTime);

            // In an order that stays: the file is written when somebody came or went, and not each time that somebody was heard.
            IEnumerable<Member> known = _peers.Members.All.OrderBy(member => member.Quiet).Take(RememberedPeers.Most).OrderBy(member => member.Address.ToString(), StringComparer.Ordinal);
            byte[] bytes = RememberedPeers.Serialize(known.Select(member => new RememberedPeer(member.Address, today)));
            if (_peers.Members.All.Length == 0 || bytes.AsSpan().SequenceEqual(written)) continue;
            try
            {
                remember(bytes);
                written = bytes;
            }
            catch (IOException e)
            {
                _logger.NotRemembered(e.Message);
            }
        }
    }
}
