using System.Text.Json;
using OsCircular.TestKit;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.Faults;

/// <summary>Crowds, killed readers, a laptop that slept, clocks that jump: afterwards descriptors, threads and waiting reads are what they were before.</summary>
public sealed class LeaveNothingTests : IAsyncLifetime
{
    private const int Stop = 19;
    private const int Continue = 18;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly TempDirectory _files = new();
    private SmallRepository _small = null!;

    public async ValueTask InitializeAsync() => _small = await SmallRepository.CreateAsync(64);

    public async ValueTask DisposeAsync()
    {
        await _small.DisposeAsync();
        _files.Dispose();
    }

    [Fact(Timeout = 240_000)]
    public async Task ThousandsOfOpenFiles_CostTheAgentNothing()
    {
        await using Nginx mirror = await Nginx.StartAsync(_small.Repository.Folder);
        await using MountedAgent agent = await _small.MountAsync([mirror.Url]);
        await Disk.AssertSameAsync(_small.Image, agent.DiskOf("small"));
        Footprint before = await FootprintAsync(agent);

        // Each reads somewhere else, through a description of its own; all stay open until told to go.
        await using TestProcess crowd = TestProcess.Start("python3", ["-c", """
            import os, resource, sys, time
            resource.setrlimit(resource.RLIMIT_NOFILE, (8192, 8192))
            files = [os.open(sys.argv[1], os.O_RDONLY) for _ in range(4000)]
            for i, file in enumerate(files): os.pread(file, 512, i * 4096)
            print("open", flush=True)
            time.sleep(600)
            """, agent.DiskOf("small")]);
        await crowd.WaitForOutputAsync("open", Limit);
        Footprint during = await FootprintAsync(agent);
        Assert.InRange(during.Descriptors, 0, before.Descriptors + 20);
        Assert.InRange(during.ResidentBytes, 0, before.ResidentBytes + (64L << 20));

        crowd.Kill();
        await crowd.WaitForExitAsync(Limit);
        await UntilBackAsync(agent, before);
    }

    [Fact(Timeout = 240_000)]
    public async Task ReadersKilledWhileTheNetworkAnswers_LeaveNoReadNoSocketNoThread()
    {
        await using Nginx mirror = await Nginx.StartAsync(_small.Repository.Folder, "location /blocks/ { limit_rate 2k; }");
        await using MountedAgent agent = await _small.MountAsync([mirror.Url], null, "--read-timeout", "120s");
        await using TestProcess listing = TestProcess.Start("ls", ["-lR", agent.Directory]);
        await listing.WaitForExitAsync(Limit);
        Footprint before = await FootprintAsync(agent);
        for (int round = 0; round < 3; round++)
        {
            TestProcess[] readers = [.. Enumerable.Range(0, 12).Select(i => StartReading(agent, 4 * i + 1))];
            await UntilAsync(agent, footprint => footprint.Waiting >= 12, before);
            foreach (TestProcess reader in readers)
            {
                reader.Kill();
                await reader.DisposeAsync();
            }

            await UntilAsync(agent, footprint => footprint.Waiting == 0, before);
        }

        await UntilBackAsync(agent, before);
    }

    [Fact(Timeout = 240_000)]
    public async Task LaptopSlept_ReadsGoOnAndNothingIsLeft()
    {
        await using Nginx mirror = await Nginx.StartAsync(_small.Repository.Folder);
        await using MountedAgent agent = await _small.MountAsync([mirror.Url], null, "--read-timeout", "4s");
        await Disk.AssertSameAsync(_small.Image, agent.DiskOf("small"), 0, 16);
        Footprint before = await FootprintAsync(agent);
        agent.Process.Signal(Stop);
        await using TestProcess reader = Disk.StartReading(agent.DiskOf("small"), 33);

        // Longer than a read may take, and than the mirror keeps what it was asked in the middle of; nothing tells of the end of a sleep but that it ended.
        await mirror.StopAsync();
        await Task.Delay(TimeSpan.FromSeconds(6), TestContext.Current.CancellationToken);
        await mirror.StartAsync();
        agent.Process.Signal(Continue);
        (await reader.WaitForExitAsync(Limit)).MustSucceed();
        await Disk.AssertSameAsync(_small.Image, agent.DiskOf("small"));
        await UntilBackAsync(agent, before);
    }

    [Fact(Timeout = 240_000)]
    public async Task WallClockJumps_NothingTimesOutAndNothingWaits()
    {
        string clock = _files["clock"];
        await File.WriteAllTextAsync(clock, "+0");
        Dictionary<string, string?> environment = new()
        {
            ["LD_PRELOAD"] = "libfaketime.so.1",
            ["LD_LIBRARY_PATH"] = (await TestProcess.ShellAsync("dirname \"$(find /usr/lib -name libfaketime.so.1 | head -1)\"")).Trim(),
            ["FAKETIME_TIMESTAMP_FILE"] = clock,
            ["FAKETIME_NO_CACHE"] = "1",
            ["FAKETIME_DONT_FAKE_MONOTONIC"] = "1",

            // Its lock is taken twice now and then where it fakes the times of files too, and the agent stands for ever within its first stat.
            ["NO_FAKE_STAT"] = "1",
        };
        await using Nginx mirror = await Nginx.StartAsync(_small.Repository.Folder);
        await using MountedAgent agent = await _small.MountInAsync(environment, [mirror.Url], "--read-timeout", "10s");
        await Disk.AssertSameAsync(_small.Image, agent.DiskOf("small"), 0, 16);
        Footprint before = await FootprintAsync(agent);
        int at = 16;
        foreach (string jump in (string[])["+4000d", "-4000d", "+1h", "+0"])
        {
            await File.WriteAllTextAsync(clock, jump);
            await Disk.AssertSameAsync(_small.Image, agent.DiskOf("small"), at, 12);
            at += 12;
        }

        using JsonDocument status = await agent.StatusAsync();
        Assert.Equal(0, status.RootElement.GetProperty("reads").GetProperty("failed").GetInt64());
        Assert.True(TestRepository.BlockFiles(agent.Cache).Length > 0);
        await UntilBackAsync(agent, before);
    }

    // Past the kernel's page cache, whose own read-ahead nobody can take back: it would wait for its time to be up.
    private static TestProcess StartReading(MountedAgent agent, int block) =>
        TestProcess.Start("dd", [$"if={agent.DiskOf("small")}", "of=/dev/null", "iflag=direct", "bs=64K", $"skip={4 * block}", "count=1", "status=none"]);

    private static async Task<Footprint> FootprintAsync(MountedAgent agent)
    {
        using JsonDocument status = await agent.StatusAsync();
        return Footprint.Of(agent.Process.Id, status);
    }

    // Connections to a mirror are closed when they have been idle for a minute, and the runtime's spare threads end at their own pace.
    private static Task UntilBackAsync(MountedAgent agent, Footprint before) =>
        UntilAsync(agent, now => now.Waiting == 0 && now.Descriptors <= before.Descriptors + 8 && now.Threads <= before.Threads + 4, before, TimeSpan.FromMinutes(2));

    private static Task UntilAsync(MountedAgent agent, Func<Footprint, bool> isSo, Footprint? before = null, TimeSpan? limit = null) =>
        Eventually.IsSoAsync(async () => isSo(await FootprintAsync(agent)), async () => $"{await FootprintAsync(agent)}, and before {before}", limit);
}
