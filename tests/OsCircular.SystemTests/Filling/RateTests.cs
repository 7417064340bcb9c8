using System.Diagnostics;
using System.Text.Json;
using OsCircular.SystemTests.Faults;
using OsCircular.TestKit;
using OsCircular.TestKit.Images;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.Filling;

/// <summary>Caps are kept within a tenth, measured by what came in while an agent filled, and readers go first within them.</summary>
public sealed class RateTests
{
    private const int Cap = 4 << 20;

    // What may be saved up has passed by then, and as much is still to come as is measured.
    private const int Skipped = 3 << 20;
    private const int Measured = 14 << 20;

    [Fact(Timeout = 120_000)]
    public async Task MirrorRate_FromNginx_IsKeptAndAReaderGoesFirst()
    {
        await using SmallRepository small = await SmallRepository.CreateAsync();
        await using Nginx mirror = await Nginx.StartAsync(small.Repository.Folder);
        await using MountedAgent agent = await small.MountAsync([mirror.Url], null, "--mirror-rate", "4MiB/s", "--mirror-rate", "23:59-00:00=64KiB");
        await FillAsync(agent);

        // The last noise of the disk, which filling comes to last.
        await using FileStream disk = File.OpenRead(agent.DiskOf("small"));
        disk.Position = (long)(SmallRepository.Blocks - 3) * SyntheticImage.BlockSize;
        long began = Stopwatch.GetTimestamp();
        await disk.ReadExactlyAsync(new byte[4096], TestContext.Current.CancellationToken);
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 0, 1);
        await AssertRateAsync(agent, status => status.GetProperty("mirrors")[0].GetProperty("bytes").GetInt64());
    }

    [Fact(Timeout = 120_000)]
    public async Task UploadRate_BetweenTwoAgents_IsKeptAndNoReadFails()
    {
        await using SmallRepository small = await SmallRepository.CreateAsync();
        (MountedAgent giver, MountedAgent taker) = await TwoAsync(small, ["--upload-rate", "4MiB"], []);
        await using (giver)
        await using (taker)
        {
            await AssertRateAsync(taker, ReceivedFromPeers);

            // The giver refuses more than it may send soon, and there is nobody else to ask.
            await Disk.AssertSameAsync(small.Image, taker.DiskOf("small"));
        }
    }

    [Fact(Timeout = 120_000)]
    public async Task PeerRate_BetweenTwoAgents_IsKept()
    {
        await using SmallRepository small = await SmallRepository.CreateAsync();
        (MountedAgent giver, MountedAgent taker) = await TwoAsync(small, [], ["--peer-rate", "4MiB"]);
        await using (giver)
        await using (taker) await AssertRateAsync(taker, ReceivedFromPeers);
    }

    [Fact(Timeout = 120_000)]
    public async Task FillRate_IsKeptAndReadersAreNotHeld()
    {
        await using SmallRepository small = await SmallRepository.CreateAsync();
        await using Nginx mirror = await Nginx.StartAsync(small.Repository.Folder);
        await using MountedAgent agent = await small.MountAsync([mirror.Url], null, "--fill-rate", "4MiB");
        await FillAsync(agent);
        await AssertRateAsync(agent, status => status.GetProperty("filling")[0].GetProperty("bytesFetched").GetInt64());
    }

    [Fact(Timeout = 120_000)]
    public async Task FillRate_NothingAtThisHour_WaitsAndSaysSo()
    {
        await using SmallRepository small = await SmallRepository.CreateAsync();
        await using MountedAgent agent = await small.MountAsync([small.Repository.Folder], null, "--fill-rate", "0");
        await FillAsync(agent);
        await Eventually.IsSoAsync(async () =>
            (await OsCircularProgram.RunAsync("status", "--cache", agent.Cache)).MustSucceed().Output.Contains("nothing is filled at this hour", StringComparison.Ordinal));
        await Disk.AssertSameAsync(small.Image, agent.DiskOf("small"));
    }

    private static async Task<(MountedAgent Giver, MountedAgent Taker)> TwoAsync(SmallRepository small, string[] giverOptions, string[] takerOptions)
    {
        int port = LoopbackPort.Free();
        string[] group = ["--peers", "on", "--group", $"rate-{Guid.NewGuid():n}", "--interface", "lo"];
        MountedAgent giver = await small.MountAsync([small.Repository.Folder], null, [.. group, "--listen", $"127.0.0.1:{port}", .. giverOptions]);
        (await OsCircularProgram.RunAsync("fill", "small", "--cache", giver.Cache, "--wait")).MustSucceed();
        MountedAgent taker = await small.MountAsync([], null, [.. group, "--listen", $"127.0.0.1:{LoopbackPort.Free()}", "--peer", $"127.0.0.1:{port}", .. takerOptions]);
        await FillAsync(taker);
        return (giver, taker);
    }

    private static async Task FillAsync(MountedAgent agent) => (await OsCircularProgram.RunAsync("fill", "small", "--cache", agent.Cache)).MustSucceed();

    private static long ReceivedFromPeers(JsonElement status) => status.GetProperty("peers").GetProperty("bytesReceived").GetInt64();

    private static async Task AssertRateAsync(MountedAgent agent, Func<JsonElement, long> bytes)
    {
        (double At, long Bytes) first = await SampleAsync(agent, bytes, Skipped);
        (double At, long Bytes) last = await SampleAsync(agent, bytes, first.Bytes + Measured);
        double rate = (last.Bytes - first.Bytes) / (last.At - first.At);
        TestContext.Current.TestOutputHelper?.WriteLine($"{rate / (1 << 20):0.00} MiB/s over {last.At - first.At:0.0} s");
        Assert.InRange(rate, 0.9 * Cap, 1.1 * Cap);
    }

    // Both of one answer: how long the agent has run, and what came by then.
    private static async Task<(double At, long Bytes)> SampleAsync(MountedAgent agent, Func<JsonElement, long> bytes, long least)
    {
        (double At, long Bytes) sample = default;
        await Eventually.IsSoAsync(
            async () =>
            {
                using JsonDocument status = await agent.StatusAsync();
                sample = (status.RootElement.GetProperty("process").GetProperty("uptimeSeconds").GetDouble(), bytes(status.RootElement));
                return sample.Bytes >= least;
            },
            () => Task.FromResult($"{sample.Bytes} bytes came, and {least} were waited for"));
        return sample;
    }
}
