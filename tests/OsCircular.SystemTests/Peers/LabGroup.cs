using OsCircular.SystemTests.Faults;
using OsCircular.TestKit;
using OsCircular.TestKit.Labs;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.Peers;

/// <summary>A lab, an image of which everything is known, a mirror behind the uplink, and the agents that a test starts: all goes with it.</summary>
internal sealed class LabGroup : IAsyncDisposable
{
    public const string GroupName = "lab";

    /// <summary>As a user has to wait for things that happen at their own pace: greetings, polls, rests.</summary>
    public static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan ReadLimit = TimeSpan.FromSeconds(60);

    private readonly List<LabAgent> _agents = [];

    private LabGroup(Lab lab, SmallRepository small, Nginx mirror)
    {
        Lab = lab;
        Small = small;
        Mirror = mirror;
        Blocks = small.Repository.BlockFiles().Length;
    }

    public Lab Lab { get; }
    public SmallRepository Small { get; }
    public Nginx Mirror { get; }

    /// <summary>Different blocks that the image has.</summary>
    public int Blocks { get; }

    /// <param name="hosts">Of the lab; no agent runs yet.</param>
    /// <param name="blocks">Of the image, 256 KiB each; half of them are different from all others, a quarter are holes.</param>
    /// <param name="uplinkMbit">In Mbit/s.</param>
    public static async Task<LabGroup> CreateAsync(int hosts, int blocks = 64, int uplinkMbit = 100)
    {
        SmallRepository small = await SmallRepository.CreateAsync(blocks);
        Lab lab = await Lab.CreateAsync(hosts, uplinkMbit);
        return new LabGroup(lab, small, await Nginx.StartAsync(lab.Mirror, small.Repository.Folder));
    }

    /// <summary>Starts a member that has the mirror.</summary>
    public Task<LabAgent> StartAsync(int host, params IEnumerable<string> more) => StartWithoutMirrorAsync(host, ["--mirror", Mirror.Url, .. more]);

    /// <summary>Starts a member that has only what its options say.</summary>
    public Task<LabAgent> StartWithoutMirrorAsync(int host, params IEnumerable<string> more) => StartAsync(host, Small, cache: null, more);

    /// <param name="host">Its number.</param>
    /// <param name="repository">Whose disks it mounts.</param>
    /// <param name="cache">Null: one that goes away with it.</param>
    /// <param name="more">Options beyond those of every member.</param>
    /// <param name="environment">Set in addition to this process's own.</param>
    public async Task<LabAgent> StartAsync(
        int host, SmallRepository repository, string? cache, IEnumerable<string> more, IReadOnlyDictionary<string, string?>? environment = null)
    {
        LabAgent agent = await LabAgent.StartAsync(
            Lab.Host(host), repository.Repository.PublicKey, cache, ["--peers", "on", "--group", GroupName, "--read-timeout", "30s", .. more], environment);
        lock (_agents) _agents.Add(agent);
        return agent;
    }

    /// <summary>Ends a member before the group ends, and takes away what is left of it.</summary>
    public ValueTask LetGoAsync(LabAgent agent)
    {
        lock (_agents) _agents.Remove(agent);
        return agent.DisposeAsync();
    }

    /// <summary>Members with the mirror on these hosts, started at once.</summary>
    public Task<LabAgent[]> StartAllAsync(params IEnumerable<int> hosts) => Task.WhenAll(hosts.Select(host => StartAsync(host)));

    public Task AssertReadsAllAsync(LabAgent agent) => Disk.AssertSameAsync(Small.Image, agent.DiskOf("small"));

    public Task AssertAllReadAsync(params IEnumerable<LabAgent> agents) => Task.WhenAll(agents.Select(AssertReadsAllAsync));

    /// <summary>Waits until every one of these sees all the others.</summary>
    public static async Task WaitUntilMetAsync(params LabAgent[] agents)
    {
        foreach (LabAgent agent in agents)
            foreach (LabAgent other in agents.Where(other => other != agent)) await WaitUntilSeenAsync(agent, other.Host);
    }

    public static Task WaitUntilSeenAsync(LabAgent agent, LabHost other, bool seen = true) =>
        Eventually.IsSoAsync(async () => (await agent.PeersAsync()).Sees(other) == seen, async () => $"{agent.Host} {(seen ? "does not see" : "still sees")} {other}: {(await agent.PeersAsync()).Json}", Soon);

    /// <summary>
    /// That the uplink carried each block once: where the machine is late a reader may hedge, out of a budget of his own, and so a few may have come twice. Were homes disagreed on,
    /// or nobody's, it would be half of them and more.
    /// </summary>
    public async Task AssertFetchedOnceAsync(int readers) => Assert.InRange((await Mirror.BlocksGivenAsync(Blocks)).Length, Blocks, Blocks + (2 * readers));

    /// <summary>Bytes that one curl of all block files draws over the uplink.</summary>
    public async Task<long> CurlBytesAsync()
    {
        string list = Path.Combine(Small.Files, "urls");
        await File.WriteAllLinesAsync(list, Small.Repository.BlockFiles().Select(path =>
            $"url={Mirror.Url}/{Path.GetRelativePath(Small.Repository.Folder, path)}\noutput=/dev/null"));
        long before = await Lab.UplinkBytesAsync();
        await using TestProcess curl = Lab.Host(1).Start("curl", ["-sfK", list]);
        (await curl.WaitForExitAsync(ReadLimit)).MustSucceed();
        return await Lab.UplinkBytesAsync() - before;
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_agents.Select(agent => agent.DisposeAsync().AsTask()));
        await Mirror.DisposeAsync();
        await Lab.DisposeAsync();
        await Small.DisposeAsync();
    }
}
