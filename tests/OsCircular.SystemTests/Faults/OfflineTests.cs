using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using OsCircular.TestKit;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.Faults;

/// <summary>The mirror is gone, or accepts connections and says nothing.</summary>
public sealed class OfflineTests
{
    private const int ReadBefore = 64;
    private const int NeverRead = SmallRepository.Blocks - 3; // noise, far from what was read before

    private static readonly TimeSpan ReadTimeout = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan AtOnce = TimeSpan.FromSeconds(1);

    [Fact(Timeout = 120_000)]
    public async Task Mirror_Stopped_WhatWasReadIsStillRead()
    {
        await using SmallRepository small = await SmallRepository.CreateAsync();
        using var cache = new TempDirectory();
        await using Nginx mirror = await Nginx.StartAsync(small.Repository.Folder);
        await using (MountedAgent agent = await small.MountAsync([mirror.Url], cache.Path, "--read-timeout", "4s"))
        {
            await Disk.AssertSameAsync(small.Image, agent.DiskOf("small"), 0, ReadBefore);
            await mirror.StopAsync();
            PageCache.Forget(agent.DiskOf("small"));
            await Disk.AssertSameAsync(small.Image, agent.DiskOf("small"), 0, ReadBefore);
            await AssertReadFailsAsync(agent.DiskOf("small"));
        }

        // A new agent, that finds no mirror at its start: only the cache is left.
        await using MountedAgent offline = await small.MountAsync([mirror.Url], cache.Path, "--read-timeout", "4s", "--start-timeout", "2s");
        await Disk.AssertSameAsync(small.Image, offline.DiskOf("small"), 0, ReadBefore);
        await AssertReadFailsAsync(offline.DiskOf("small"));
    }

    [Fact(Timeout = 120_000)]
    public async Task Mirror_Silent_ReadFailsInTimeAndNamesAnswerMeanwhile()
    {
        await using SmallRepository small = await SmallRepository.CreateAsync();
        using var cache = new TempDirectory();
        await using (MountedAgent agent = await small.MountAsync([small.Repository.Folder], cache.Path))
            await Disk.AssertSameAsync(small.Image, agent.DiskOf("small"), 0, ReadBefore);
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();

        await using MountedAgent offline = await small.MountAsync([$"http://{silent.LocalEndpoint}"], cache.Path, "--read-timeout", "4s", "--start-timeout", "2s");
        long started = Stopwatch.GetTimestamp();
        await using TestProcess read = Disk.StartReading(offline.DiskOf("small"), NeverRead);
        await AssertAnswersAtOnceAsync("ls", "-lR", offline.Directory);
        await AssertAnswersAtOnceAsync("stat", offline.DiskOf("small"));
        await AssertAnswersAtOnceAsync("df", offline.Directory);
        Assert.False(read.HasExited, "the read ended before the names were asked for");
        await AssertIsInputOutputErrorAsync(read, started);
    }

    private static async Task AssertReadFailsAsync(string disk)
    {
        long started = Stopwatch.GetTimestamp();
        await using TestProcess read = Disk.StartReading(disk, NeverRead);
        await AssertIsInputOutputErrorAsync(read, started);
    }

    private static async Task AssertIsInputOutputErrorAsync(TestProcess read, long started)
    {
        ProcessResult result = await read.WaitForExitAsync(TimeSpan.FromSeconds(30));
        TimeSpan took = Stopwatch.GetElapsedTime(started);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("Input/output error", result.Errors, StringComparison.Ordinal);
        // dd may ask twice: the kernel reads ahead, fails, and then reads the page alone.
        Assert.InRange(took, TimeSpan.Zero, 2 * ReadTimeout + AtOnce);
    }

    private static async Task AssertAnswersAtOnceAsync(string program, params string[] arguments)
    {
        long started = Stopwatch.GetTimestamp();
        (await TestProcess.RunAsync(program, arguments, TimeSpan.FromSeconds(30))).MustSucceed();
        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.Zero, AtOnce);
    }
}
