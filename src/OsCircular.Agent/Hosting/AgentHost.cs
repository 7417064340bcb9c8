using Microsoft.Extensions.Logging;
using OsCircular.Agent.Configuration;
using OsCircular.Agent.Control;
using OsCircular.Agent.Serving;
using OsCircular.Cache;
using OsCircular.Disks;
using OsCircular.Disks.Booting;
using OsCircular.Fuse;
using OsCircular.Indexes;
using OsCircular.Indexes.Signing;
using OsCircular.Library;
using OsCircular.Library.Carrying;
using OsCircular.Library.Filling;
using OsCircular.Library.Healing;
using OsCircular.Library.Pins;
using OsCircular.Library.Profiles;
using OsCircular.Library.Retaining;
using OsCircular.Mirrors;
using OsCircular.Mount;
using OsCircular.Mount.Recording;
using OsCircular.Peers;
using OsCircular.Peers.Discovery;
using OsCircular.Peers.Homes;
using OsCircular.Sources;
using OsCircular.Sources.Rates;

namespace OsCircular.Agent.Hosting;

/// <summary>
/// The agent, put together: read <see cref="StartAsync"/> from top to bottom. What is started is ended in the reverse order, also where a later
/// step fails.
/// </summary>
internal sealed class AgentHost : IAsyncDisposable
{
    private readonly Stack<Func<ValueTask>> _endings = new();
    private readonly AgentParts _parts = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly ILogger _log;

    private AgentHost(ILogger log) => _log = log;

    /// <summary>Where it is mounted.</summary>
    public FuseMount Mount => _parts.Mount;

    public FuseSession Session => _parts.Session;

    /// <summary>Leaves the mount to the next agent when this one ends; false where nobody keeps it.</summary>
    public bool TryLeave() => _parts.Held.TryLeave();

    /// <summary>Starts an agent; when this returns, the mount answers.</summary>
    /// <exception cref="Blocks.UserError">The cache is taken, no head can be had, the key is wrong.</exception>
    /// <exception cref="FuseException">It cannot be mounted there.</exception>
    public static async Task<AgentHost> StartAsync(AgentOptions options, ILoggerFactory logs, TimeProvider time, CancellationToken cancellationToken)
    {
        AgentHost agent = new(logs.CreateLogger<AgentHost>());
        try
        {
            await agent.ComposeAsync(options, logs, time, cancellationToken);
            return agent;
        }
        catch
        {
            await agent.DisposeAsync();
            throw;
        }
    }

    /// <summary>The agent at this moment.</summary>
    public StatusReport Status() => StatusReporter.Report(_parts);

    /// <summary>Says how reads go, and what there is.</summary>
    public void LogWhatIsMounted()
    {
        AgentLog.Chain(_log, _parts.Chain);
        if (_parts.Library.Current is { } adopted)
            AgentLog.Mounted(_log, Mount.MountPoint, adopted.Manifest.Images.Count, VersionsOf(adopted), adopted.Head.Sequence, adopted.Head.Repository.ToString());
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        while (_endings.TryPop(out Func<ValueTask>? end)) await end();
        _stopping.Dispose();
    }

    private async Task ComposeAsync(AgentOptions options, ILoggerFactory logs, TimeProvider time, CancellationToken cancellationToken)
    {
        MinisignPublicKey key = MinisignPublicKey.Load(options.PublicKey);
        Random random = new(System.Security.Cryptography.RandomNumberGenerator.GetInt32(int.MaxValue));
        _parts.Started = time.GetTimestamp();
        _parts.Time = time;

        AgentMeters meters = Owned(new AgentMeters());

        // This host's own disk.
        CacheOptions cacheOptions = CacheOptions.For(options.Quota, options.ReadTimeout) with { ScrubRate = options.ScrubRate };
        BlockCache cache = Owned(BlockCache.Open(options.CacheDirectory, cacheOptions, isPinned: _ => false, time, logs.CreateLogger<BlockCache>()));
        _parts.Cache = cache;
        cache.Publish(meters);

        // The mount of an agent before this one, if one was left: its readers wait already.
        HeldMount held = Owned(new HeldMount(MountKeepers.Choose(options.CacheDirectory, options.TakeoverTime), options.TakeoverTime, time, logs));
        _parts.Held = held;
        held.Take();

        // The mirrors, over the one line that all share: readers first.
        IBlockSource mirrorBlocks = new NowhereSource();
        IDocumentSource mirrorDocuments = new NowhereSource();
        IReadOnlyList<IHeadSource> heads = [];
        if (options.Mirrors.Count > 0)
        {
            MirrorOptions mirrorOptions = new();
            MirrorSource mirrors = Owned(new MirrorSource(
                [.. options.Mirrors.Select(url => MirrorSource.Open(url, mirrorOptions, time))], mirrorOptions, time, random, new MirrorMetrics(meters), logs.CreateLogger<MirrorSource>()));
            _parts.Mirrors = mirrors;
            (mirrorBlocks, mirrorDocuments, heads) = (mirrors, mirrors, mirrors.Heads);
        }

        RateCap? mirrorCap = _parts.MirrorCap = Cap(options.MirrorRate, time);
        if (mirrorCap is not null) mirrorDocuments = new CappedDocumentSource(mirrorDocuments, mirrorCap, time);
        PrioritySource line = _parts.Line = new PrioritySource(mirrorBlocks, PrioritySource.DefaultMaxInFlight, time, mirrorCap);

        // The chain below memory: one fetch for a block however many ask; kept on disk; peers before the line, where there are any.
        IBlockSource blocks;
        IDocumentSource documents;
        if (options.Peers is { } peers)
        {
            PeerService group = OpenPeers(options, peers, cache, meters, time, random, logs);
            PeerChain chain = new(cache, line, mirrorDocuments, group, () => _parts.Mirrors?.MayAnswer ?? false, time, _parts.PeerCap = Cap(peers.PeerRate, time));
            Owned(chain);
            (blocks, documents) = (chain.Blocks, chain.Documents);
            await StartPeersAsync(options, peers, cache, meters, time, logs, cancellationToken);
        }
        else
        {
            blocks = new SingleFlightSource(new CachedBlockSource(cache.Blocks, new KeepingSource(cache.Blocks, line, SourceKind.Mirror)), time);
            documents = new CachedDocumentSource(cache.Documents, mirrorDocuments);
        }

        // What there is to mount.
        HeadLibrary library = Owned(await HeadLibrary.OpenAsync(
            key, cache.Directory.Head, cache.Directory.State("trust.json", Trust.MaxLength), documents, heads, time, logs.CreateLogger<HeadLibrary>(), cancellationToken,
            _parts.Peers?.Heads));
        _parts.Library = library;
        library.Adopted += _ => _parts.Peers?.Announce();
        AdoptedHead adopted = await library.StartAsync(options.StartTimeout, cancellationToken);
        _parts.Peers?.Announce();

        // Whole versions taken in, behind all who read; each host of a group begins in another place.
        FillParts fill = new()
        {
            Cache = cache,
            Blocks = blocks,
            Documents = documents,
            Manifest = () => library.Current?.Manifest,
            Start = count => _parts.Peers is { } group ? FillOrder.Start(group.Id, count) : 0,
            Cap = _parts.FillCap = Cap(options.FillRate, time),
            Time = time,
            Random = new Random(random.Next()),
        };
        Filler filler = _parts.Filler = Owned(new Filler(fill, logs.CreateLogger<Filler>()));

        // What is to stay in the cache, and is filled until it is there.
        PinKeeper pins = _parts.Pins = Owned(new PinKeeper(fill, filler, PinBook.FileOf(cache.Directory), logs.CreateLogger<PinKeeper>()));
        library.Adopted += _ => pins.Look();

        // What is found damaged in the cache and nobody reads is fetched again, behind all who do.
        Healer healer = Owned(new Healer(cache, blocks, documents, () => library.Current?.Manifest, time, logs.CreateLogger<Healer>()));

        // Versions that somebody carries here.
        Importer importer = Owned(new Importer(new ImportParts(cache, library, key, time), logs.CreateLogger<Importer>()));

        // Versions as disks, and disks as files.
        DiskService disks = Owned(new DiskService(
            new DiskOptions { MemoryBytes = options.Memory, ReadTimeout = options.ReadTimeout }, cache.Blocks, blocks, documents, time, logs.CreateLogger<DiskService>()));
        _parts.Disks = disks;
        disks.Publish(meters);

        // What left the manifest stays a file while somebody has it open, before a takeover too, a pin keeps it, or all of it is held.
        MountFileSystem? shown = null;
        RetainedVersions retained = Owned(new RetainedVersions(
            new RetainParts
            {
                Cache = cache,
                Blocks = blocks,
                Documents = documents,
                IsOpen = (image, version) => shown is not null && (shown.IsOpen(image, version) || (held.Status.Generation > 1 && shown.WasRead(image, version))),
                IsPinned = (image, version) => pins.Versions.Any(kept => kept.Image == image && kept.Version.Name == version),
                WasTakenOver = () => held.Status.Generation > 1,
                Show = manifest => shown?.Show(manifest),
                Time = time,
            },
            adopted.Manifest,
            logs.CreateLogger<RetainedVersions>()));
        _parts.Retained = retained;
        MountFileSystem files = shown = Owned(new MountFileSystem(retained.Shown, disks.Open, options.ReadTimeout, time));

        // What a guest will want next while it boots, by its version's profile, behind what it waits for.
        BootParts booting = new() { Blocks = blocks, Documents = documents, CacheLoaded = cache.Loaded, IsHeld = cache.Blocks.MayHold, Time = time };
        BootFetcher boots = _parts.Boots = Owned(new BootFetcher(booting, logs.CreateLogger<BootFetcher>()));
        boots.Publish(meters);
        files.FirstRead += boots.Begin;
        files.Closed += boots.End;
        if (options.FillAfterBoot) boots.Ended += boot => FillAfter(boot, filler, _log);

        // What a guest reads while it boots, noted when told to, for such profiles.
        ProfileRecorder recorder = Owned(new ProfileRecorder(
            new RecorderParts
            {
                Files = files,
                Find = reference => library.Current?.Manifest.Find(reference),
                Book = (image, version) => RunBook.Of(cache.Directory, image, version),
                ForgetPages = id => _parts.Session?.InvalidateInode(id),
                Time = time,
            },
            logs.CreateLogger<ProfileRecorder>()));

        // Questions about all this.
        string socket = Path.Combine(RuntimeDirectory.Make(options.CacheDirectory), ControlClient.SocketName);
        Task<ControlServer> control = ControlServer.StartAsync(
            socket, Status, () => PeersReporter.Report(_parts), filler, pins, new ProfileRequests(recorder), new RepairRequests(cache, healer),
            new ImportRequests(importer, key, time, _stopping.Token), logs, _stopping.Token);
        Ends(async () => await (await control).DisposeAsync());

        // The kernel.
        FuseMount mount = Owned(held.Open(new FuseMountOptions { MountPoint = options.MountPoint, AllowOther = options.AllowOther }, adopted.Head.Repository.ToString()));
        _parts.Mount = mount;
        FuseSession session = new(mount.Device, files, held.Session, logs.CreateLogger<FuseSession>(), time);
        _parts.Session = session;
        Ends(() => LetGoAsync(held, session));
        session.Start();
        Task watching = held.WatchAsync(_stopping.Token);
        Ends(async () => await watching);
        await session.Connected.WaitAsync(options.StartTimeout, time, cancellationToken);
        await control;

        // Newer heads.
        library.Adopted += newer => Show(retained, newer, _log);
        if (library.Current is { } current && current != adopted) Show(retained, current, _log);
        retained.Start();
        HeadRefresher refresher = new(library, options.Refresh, time, random);
        if (_parts.Peers is { } members) members.NewerHead += refresher.RefreshNow;
        Task refreshing = KeepRefreshingAsync(refresher, options.Refresh, time);
        Ends(async () => await refreshing);

        _parts.Chain = $"mount -> disk -> memory -> {blocks}";
    }

    // This agent's place in its group: first what it asks, for the chain needs it.
    private PeerService OpenPeers(
        AgentOptions options, PeerSettings settings, BlockCache cache, AgentMeters meters, TimeProvider time, Random random, ILoggerFactory logs)
    {
        Neighbours neighbours = new(settings.Interfaces, time, logs.CreateLogger<Neighbours>());
        PeerAccess access = new(settings.Group.Id, settings.Group.Key, neighbours);
        PeerPlaces.Check(settings, neighbours);
        PeerService peers = Owned(new PeerService(
            PeerPlaces.OwnId(options.CacheDirectory), access, new PeerOptions(), cache.Names, Standing, new PeerMetrics(meters), time, new Random(random.Next()), logs.CreateLogger<PeerService>()));
        _parts.Peers = peers;
        return peers;
    }

    // Then what it answers, and only then that it is there: greetings settle while the rest starts.
    private async Task StartPeersAsync(
        AgentOptions options, PeerSettings settings, BlockCache cache, AgentMeters meters, TimeProvider time, ILoggerFactory logs, CancellationToken cancellationToken)
    {
        PeerService peers = _parts.Peers!;
        PeerServerSetup setup = new(cache.Directory.Path, settings.Group, address => peers.Access.MayBeMember(address), peers, new PeerServerOptions { UploadRate = settings.UploadRate }, () => cache.Blocks.MayRead);
        PeerServer server = Owned(await PeerServer.StartAsync(setup, settings.Listen ?? PeerPlaces.DefaultListen, mayMove: settings.Listen is null, time, logs, cancellationToken));
        _parts.PeerServer = server;
        server.Publish(meters);
        StateFile known = cache.Directory.State(PeerPlaces.FileName, RememberedPeers.MaxLength);
        peers.Start(server.Port, new DiscoveryOptions { Peers = settings.Addresses, Trackers = settings.Trackers, Remembered = PeerPlaces.Remembered(known) }, bytes => known.Write(bytes));
    }

    private static RateCap? Cap(RateSchedule schedule, TimeProvider time) => schedule.IsNone ? null : new RateCap(schedule, time);

    private PeerStanding Standing()
    {
        AdoptedHead? adopted = _parts.Library?.Current;
        return new PeerStanding(adopted?.Head.Repository.ToString(), adopted?.Head.Sequence ?? 0, _parts.Mirrors?.MayAnswer ?? false);
    }

    private static void Show(RetainedVersions retained, AdoptedHead adopted, ILogger log)
    {
        retained.Take(adopted.Manifest);
        AgentLog.Showing(log, adopted.Head.Sequence, adopted.Manifest.Images.Count, VersionsOf(adopted));
    }

    /// <summary>No mount ends because a head could not be looked at: what should not happen there is logged, and looking goes on.</summary>
    private async Task KeepRefreshingAsync(HeadRefresher refresher, TimeSpan pause, TimeProvider time)
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                await refresher.RunAsync(_stopping.Token);
            }
            catch (Exception failure)
            {
                AgentLog.RefresherFailed(_log, failure);
                await Task.Delay(pause, time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private static void FillAfter(BootProgress boot, Filler filler, ILogger log)
    {
        if (boot.State != BootState.Done) return;
        try
        {
            _ = filler.Begin(new VersionReference(boot.Image, boot.Version));
        }
        catch (Blocks.UserError problem)
        {
            AgentLog.NotFilledAfterBoot(log, boot.Image, boot.Version, problem.Message);
        }
    }

    private static int VersionsOf(AdoptedHead adopted) => adopted.Manifest.Images.Sum(image => image.Versions.Count);

    private static async ValueTask LetGoAsync(HeldMount held, FuseSession session)
    {
        await session.DisposeAsync();
        held.LetGo(session.Completion.IsCompletedSuccessfully ? await session.Completion : null);
    }

    private T Owned<T>(T part)
    {
        Ends(part switch
        {
            IAsyncDisposable asynchronous => asynchronous.DisposeAsync,
            IDisposable disposable => () =>
            {
                disposable.Dispose();
                return default;
            },
            _ => throw new ArgumentException($"{typeof(T).Name} has no end", nameof(part)),
        });
        return part;
    }

    private void Ends(Func<ValueTask> end) => _endings.Push(end);
}
