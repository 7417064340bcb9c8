using System.Diagnostics.Metrics;
using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using OsCircular.Agent.Hosting;
using OsCircular.Agent.Serving;
using OsCircular.Blocks;
using OsCircular.Peers;
using OsCircular.Peers.Access;
using OsCircular.Peers.Discovery;
using OsCircular.Sources;
using OsCircular.TestKit;
using OsCircular.TestKit.Mirrors;
using OsCircular.TestKit.Sources;
using OsCircular.Tests.Cache;

namespace OsCircular.Tests.Peers.Groups;

/// <summary>One host of a group: the parts an agent puts together, on loopback, and a mirror that is a table in memory.</summary>
internal sealed class GroupHost : IAsyncDisposable
{
    private readonly TestMeters _meters = new();
    private readonly MeterListener _listener = new();
    private bool _ended;
    private int _hedges;

    private GroupHost(TestCache cache)
    {
        Cache = cache;
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name == "oscircular.peer.hedges" && _meters.Made(instrument.Meter)) listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((_, count, _, _) => Interlocked.Add(ref _hedges, (int)count));
        _listener.Start();
    }

    public TestCache Cache { get; }
    public PeerService Service { get; private set; } = null!;
    public PeerServer Server { get; private set; } = null!;
    public PeerChain Chain { get; private set; } = null!;
    public RecordedLogs Log { get; } = new();
    public PeerStanding Standing { get; set; }

    /// <summary>Its way to the mirror: counts what this host asked for there.</summary>
    public FaultySource Line { get; private set; } = null!;

    /// <summary>Second requests for what was late.</summary>
    public int Hedges => Volatile.Read(ref _hedges);

    public IPEndPoint Address => new(IPAddress.Loopback, Server.Port);
    public ulong Weight => OsCircular.Peers.Homes.Rendezvous.IdOf(Service.Id);

    public static async Task<GroupHost> StartAsync(HostPlan plan, int number, IBlockSource mirror, IDocumentSource documents, IReadOnlyList<GroupHost> others)
    {
        TestCache cache = await TestCache.OpenAsync();
        if (plan.Holds.Count > 0) await PutAsync(cache, plan.Holds);
        GroupHost host = new(cache) { Standing = new PeerStanding(TestMembers.Repository, plan.Sequence, plan.HasMirror) };
        PeerGroup group = new("lab", plan.Key);
        Neighbours neighbours = new([], TimeProvider.System, NullLogger.Instance, () => []);
        PeerMetrics metrics = new(host._meters);
        host.Service = new PeerService(
            PeerId.Derive("test", "group", $"{number}"), new PeerAccess(group.Id, group.Key, neighbours), plan.Options, host.Cache.Cache.Names, () => host.Standing, metrics,
            TimeProvider.System, new Random(number), new Logger<PeerService>(host.Log));
        host.Line = new FaultySource(plan.HasMirror ? mirror : new NowhereSource(), plan.Faults);
        PrioritySource line = new(host.Line, PrioritySource.DefaultMaxInFlight, TimeProvider.System);
        host.Chain = new PeerChain(host.Cache.Cache, line, plan.HasMirror ? documents : new NowhereSource(), host.Service, () => host.Standing.Fetches, TimeProvider.System);
        PeerServerSetup setup = new(host.Cache.Path, group, host.Service.Access.MayBeMember, host.Service, new PeerServerOptions());
        host.Server = await PeerServer.StartAsync(setup, new IPEndPoint(IPAddress.Loopback, 0), mayMove: false, TimeProvider.System, host.Log, default);
        PeerAddressText[] known = [.. others.Where(_ => plan.KnowsOthers).Select(other => PeerAddressText.Parse(other.Address.ToString()))];
        host.Service.Start(host.Server.Port, new DiscoveryOptions { Peers = known }, _ => { });
        return host;
    }

    // Without its catalogue a cache looks at what lies there.
    private static async Task PutAsync(TestCache cache, IReadOnlyDictionary<BlockName, byte[]> files)
    {
        await cache.Cache.DisposeAsync();
        File.Delete(Path.Combine(cache.Path, "agent", "catalog.db"));
        foreach ((BlockName name, byte[] bytes) in files)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(cache.FileOf(name))!);
            await File.WriteAllBytesAsync(cache.FileOf(name), bytes);
        }

        await cache.ReopenAsync();
    }

    /// <summary>As a reader of this host does.</summary>
    public async Task<Fetched> FetchAsync(byte[] block, FetchClass fetchClass = FetchClass.Reader, TimeSpan? limit = null)
    {
        Fetched fetched = await Chain.Blocks.FetchAsync(TestBlocks.Request(block, fetchClass, limit: limit), new byte[block.Length], TestContext.Current.CancellationToken);
        if (fetched.Succeeded) Assert.True(fetched.Block.Bytes.Span.SequenceEqual(block));
        return fetched;
    }

    public async Task ReadAsync(byte[] block, FetchClass fetchClass = FetchClass.Reader) => Assert.Equal(SourceError.None, (await FetchAsync(block, fetchClass)).Error);

    public ValueTask<FetchedDocument> FetchAsync(DocumentName name) =>
        Chain.Documents.FetchAsync(name, Deadline.In(TimeSpan.FromSeconds(30), TimeProvider.System), TestContext.Current.CancellationToken);

    /// <summary>Waits until it knows that another holds so many names at least.</summary>
    public Task SeesAsync(GroupHost other, int offers = 1) => SeesAsync(other.Service.Id, offers);

    /// <inheritdoc cref="SeesAsync(GroupHost, int)"/>
    public Task SeesAsync(PeerId other, int offers) => Eventually.IsSoAsync(() => Of(other)?.Offers >= offers);

    public PeerStatus? Of(GroupHost other) => Of(other.Service.Id);

    public PeerStatus? Of(PeerId id) => Service.Status.Peers.FirstOrDefault(peer => peer.Id == id);

    public bool Holds(byte[] block) => Cache.Read(block) == SourceError.None;

    /// <summary>The host is gone, without a good-bye from its listener.</summary>
    public ValueTask KillAsync() => Server.DisposeAsync();

    public async ValueTask DisposeAsync()
    {
        if (_ended) return;
        _ended = true;
        await Server.DisposeAsync();
        await Chain.DisposeAsync();
        await Service.DisposeAsync();
        await Cache.DisposeAsync();
        _listener.Dispose();
        _meters.Dispose();
    }
}
