using System.Globalization;
using System.Text.Json;
using OsCircular.SystemTests.Faults;
using OsCircular.TestKit;
using OsCircular.TestKit.Mirrors;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.Takeover;

/// <summary>A small repository, a mount point and a cache that outlive the agents on them; and a mirror that can stop answering for blocks.</summary>
internal sealed class TakeoverBench : IAsyncDisposable
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly TempDirectory _files = new();
    private readonly ScriptedHttpServer _mirror;
    private volatile bool _stalls;

    private TakeoverBench(SmallRepository small)
    {
        Small = small;
        _mirror = new ScriptedHttpServer(AnswerAsync);
        _files.Folder("mnt");
        _files.Folder("elsewhere");
    }

    public SmallRepository Small { get; }
    public string MountPoint => _files["mnt"];
    public string Elsewhere => _files["elsewhere"];
    public string Cache => _files["cache"];
    public string Disk => Path.Combine(MountPoint, "small", "1", "disk.raw");

    /// <summary>Whether the mirror keeps who asks for a block waiting for ever.</summary>
    public bool Stalls
    {
        set => _stalls = value;
    }

    public int AskedForBlocks => _mirror.Requests.Count(request => request.Path.StartsWith("blocks/", StringComparison.Ordinal));

    public static async Task<TakeoverBench> CreateAsync() => new(await SmallRepository.CreateAsync(blocks: 32));

    public TestProcess Start(string? mountPoint = null, params IEnumerable<string> options) => TestProcess.Start("env", [
        "--default-signal=INT,HUP", OsCircularProgram.FilePath, "mount", mountPoint ?? MountPoint, "--public-key", Small.Repository.PublicKey,
        "--cache", Cache, "--mirror", _mirror.Url, "--peers", "off", .. options]);

    public async Task<TestProcess> StartReadyAsync(params IEnumerable<string> options)
    {
        TestProcess agent = Start(null, options);
        await agent.WaitForOutputAsync("ready", Limit);
        return agent;
    }

    /// <summary>Starts one and kills it when it serves.</summary>
    public async Task StartAndKillAsync(params IEnumerable<string> options)
    {
        await using TestProcess agent = await StartReadyAsync(options);
        // The holder is a child of it and is not to be killed with it.
        await KillAsync(agent);
    }

    public static async Task KillAsync(TestProcess agent)
    {
        agent.Kill();
        await agent.WaitForExitAsync(Limit);
    }

    public async Task<(uint Generation, int? Holder)> TakeoverAsync()
    {
        using JsonDocument status = JsonDocument.Parse((await OsCircularProgram.RunAsync("status", "--cache", Cache, "--json")).MustSucceed().Output);
        JsonElement takeover = status.RootElement.GetProperty("takeover");
        string? keeper = takeover.GetProperty("keeper").GetString();
        return (takeover.GetProperty("generation").GetUInt32(), keeper is null ? null : int.Parse(keeper.Split(' ')[1], CultureInfo.InvariantCulture));
    }

    /// <summary>Reads with O_DIRECT, which nothing but the agent can answer, from a process that prints what it read.</summary>
    public TestProcess StartReading(int block, int blocks = 1) => TestProcess.Start("bash", [
        "-c", "dd if=\"$1\" iflag=direct bs=256K skip=$2 count=$3 status=none | cmp -n $(($3 * 262144)) -i 0:$(($2 * 262144)) - \"$4\"; echo ${PIPESTATUS[@]}",
        "bash", Disk, $"{block}", $"{blocks}", Small.Image]);

    public Task AssertSameAsync() => TestProcess.ShellAsync("cmp \"$1\" <(dd if=\"$2\" iflag=direct bs=1M status=none)", Small.Image, Disk);

    public bool IsMounted(string? mountPoint = null) => File.ReadLines("/proc/self/mountinfo").Any(line => line.Contains($" {mountPoint ?? MountPoint} ", StringComparison.Ordinal));

    public async ValueTask DisposeAsync()
    {
        // A holder ends with its mount.
        foreach (string mount in (string[])[MountPoint, Elsewhere]) await TestProcess.RunAsync("umount", ["-l", "-q", mount], Limit);
        await _mirror.DisposeAsync();
        await Small.DisposeAsync();
        _files.Dispose();
    }

    private async Task AnswerAsync(ScriptedRequest request)
    {
        string file = Path.Combine(Small.Repository.Folder, request.Path);
        if (_stalls && request.Path.StartsWith("blocks/", StringComparison.Ordinal)) await Task.Delay(Timeout.Infinite, request.Stopping);
        else if (File.Exists(file)) await request.RespondAsync(200, await File.ReadAllBytesAsync(file));
        else await request.RespondAsync(404);
    }
}
