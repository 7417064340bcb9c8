using System.Diagnostics;
using System.Net;
using System.Text.Json;
using OsCircular.Blocks;
using OsCircular.TestKit;
using OsCircular.TestKit.Mirrors;
using OsCircular.TestKit.Peers;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.Faults.Campaign;

/// <summary>
/// An agent read through a real mount while its cache is damaged, its peers misbehave and two of its three mirrors fail; the third is good, though slower. The
/// agent is started anew after every hundred faults, with peers and without them by turns, killed or not by turns, on the same cache. Each of its lives is read
/// by several threads.
/// </summary>
internal sealed class FaultCampaign : IAsyncDisposable
{
    public const int FaultsInALife = 100;

    private const int Blocks = 512, Threads = 6, Peers = 4;

    // So many reads for each fault of the cache: a quarter of its files is damaged at any time.
    private const int ReadsToAFault = 4;

    // Half of what the image takes: lives without peers evict and fetch all the time.
    private const string SmallQuota = "24MiB";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly FaultPlan _plan;
    private readonly SmallRepository _small;
    private readonly TempDirectory _cache = new();
    private readonly List<ScriptedHttpServer> _mirrors;
    private readonly VerifyingReaders _readers;
    private readonly string _group = $"campaign-{Guid.NewGuid():N}";
    private readonly CacheFaults _cacheFaults;
    private long _damaged, _healed, _lives, _kills;

    private FaultCampaign(FaultPlan plan, SmallRepository small)
    {
        _plan = plan;
        _small = small;
        string repository = small.Repository.Folder;
        _mirrors =
        [
            FaultyMirror.Start("mirror 1", repository, plan, 0.35, TimeSpan.Zero),
            FaultyMirror.Start("mirror 2", repository, plan, 0.35, TimeSpan.FromMilliseconds(1)),
            FaultyMirror.Start("mirror 3", repository, plan, 0, TimeSpan.FromMilliseconds(4)),
        ];
        _readers = new VerifyingReaders(File.ReadAllBytes(small.Image), plan);
        _cacheFaults = new CacheFaults(_cache.Path, plan);
    }

    public static async Task<FaultCampaign> CreateAsync(int seed) => new(new FaultPlan(seed), await SmallRepository.CreateAsync(Blocks, seed));

    /// <summary>Injects at least so many faults, then lets everything behave and heal.</summary>
    public async Task<CampaignReport> RunAsync(long faults)
    {
        long started = Stopwatch.GetTimestamp();
        for (long goal = Math.Min(faults, FaultsInALife); ; goal = Math.Min(faults, goal + FaultsInALife))
        {
            await LiveAsync(goal);
            if (goal == faults) break;
        }

        _plan.IsOn = false;
        (int files, int bad) = await HealAllAsync();
        return new CampaignReport(_plan, _readers, _lives, _kills, _damaged, _healed, files, bad, Stopwatch.GetElapsedTime(started));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (ScriptedHttpServer mirror in _mirrors) await mirror.DisposeAsync();
        await _small.DisposeAsync();
        _cache.Dispose();
    }

    private async Task LiveAsync(long goal)
    {
        // Where peers hold most, mirrors are hardly asked.
        MisbehavingPeer[] peers = _lives % 2 == 0 ? [.. Enumerable.Range(0, Peers).Select(StartPeer)] : [];
        MountedAgent agent = await MountAsync(peers);
        using var stop = new CancellationTokenSource();
        (long damaged, long healed) = await CountsAsync(agent);
        Task[] readers = [.. Enumerable.Range(0, Threads).Select(thread => _readers.Start(agent.DiskOf("small"), $"reader {_lives} {thread}", stop.Token))];
        try
        {
            await InjectAsync(goal, agent);
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAny(Task.WhenAll(readers), Task.Delay(Patience));
            if (!readers.All(reader => reader.IsCompleted)) agent.Process.Kill();
            await Task.WhenAll(readers);
        }

        (long damagedAfter, long healedAfter) = await CountsAsync(agent);
        _damaged += damagedAfter - damaged;
        _healed += healedAfter - healed;
        if (_lives++ % 4 > 1)
        {
            agent.Process.Kill();
            _kills++;
        }

        await agent.DisposeAsync();
        foreach (MisbehavingPeer peer in peers) await peer.DisposeAsync();
    }

    private async Task InjectAsync(long goal, MountedAgent agent)
    {
        long paced = _readers.Reads, quietSince = Stopwatch.GetTimestamp(), seen = -1;
        while (_plan.Total < goal)
        {
            if (agent.Process.HasExited) throw new InvalidOperationException($"The agent ended.\n{agent.Process.Said()}");
            long reads = _readers.Reads;
            if (reads != seen) (seen, quietSince) = (reads, Stopwatch.GetTimestamp());
            if (Stopwatch.GetElapsedTime(quietSince) > Patience) throw new TimeoutException($"No read ended for {Patience.TotalSeconds} s.\n{agent.Process.Said()}");
            if (reads - paced < ReadsToAFault)
            {
                await Task.Delay(1);
                continue;
            }

            paced += ReadsToAFault;
            _cacheFaults.Inject();
        }
    }

    // Each holds a third of all blocks; one of them also says that it fetches for others.
    private MisbehavingPeer StartPeer(int number) => MisbehavingPeer.StartOnLoopback(
        IPAddress.Loopback,
        path => _plan.Answer($"peer {number}", path, 0.4, FaultKind.PeerWrongBytes) switch
        {
            FaultKind.PeerWrongBytes => Misbehaviour.LiesInBytes,
            FaultKind.PeerMissing => Misbehaviour.HoldsNothing,
            FaultKind.PeerServerError => Misbehaviour.Refuses,
            FaultKind.PeerStall => Misbehaviour.Hangs,
            FaultKind.PeerReset => Misbehaviour.Resets,
            FaultKind.PeerShortBody => Misbehaviour.DiesMidTransfer,
            _ => Misbehaviour.None,
        },
        _small.Repository.Folder,
        name => _plan.RandomOf($"holds {number} {name}").Next(3) == 0,
        fetches: number == 0);

    private Task<MountedAgent> MountAsync(MisbehavingPeer[] peers) => MountedAgent.StartAsync(
        _small.Repository.PublicKey,
        _mirrors.Select(mirror => mirror.Url),
        _cache.Path,
        ["--peers", peers.Length > 0 ? "on" : "off", .. PeerOptions(peers), "--memory", "16MiB", "--log-level", "Critical"]);

    private string[] PeerOptions(MisbehavingPeer[] peers) =>
        peers.Length == 0 ? ["--quota", SmallQuota] : ["--group", _group, "--listen", "127.0.0.1:0", .. peers.SelectMany(peer => (string[])["--peer", peer.Address])];

    private static async Task<(long Damaged, long Healed)> CountsAsync(MountedAgent agent)
    {
        using JsonDocument status = await agent.StatusAsync();
        JsonElement cache = status.RootElement.GetProperty("cache");
        return (cache.GetProperty("damaged").GetInt64(), cache.GetProperty("healed").GetInt64());
    }

    // A last life in which nothing fails: all is read once, and then every file of the cache is what its name says, and none is missing.
    private async Task<(int Files, int Bad)> HealAllAsync()
    {
        await using (MountedAgent agent = await MountedAgent.StartAsync(_small.Repository.PublicKey, _mirrors.Select(mirror => mirror.Url), _cache.Path))
        {
            PageCache.Forget(agent.DiskOf("small"));
            await Disk.AssertSameAsync(_small.Image, agent.DiskOf("small"));
        }

        string[] needed = [.. _small.Repository.BlockFiles().Select(file => Path.GetRelativePath(_small.Repository.Folder, file))];
        int bad = needed.Count(file => Path.Combine(_cache.Path, file) is var held && (!File.Exists(held) || BlockName.Of(File.ReadAllBytes(held)).ToString() != Path.GetFileName(held)));
        return (needed.Length, bad);
    }
}
