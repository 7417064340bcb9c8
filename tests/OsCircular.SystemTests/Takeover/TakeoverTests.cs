using OsCircular.TestKit;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.Takeover;

/// <summary>Agents that are killed or told to end while their mount is in use, and what comes after.</summary>
public sealed class TakeoverTests : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TakeoverBench.Limit;

    private TakeoverBench _bench = null!;

    public async ValueTask InitializeAsync() => _bench = await TakeoverBench.CreateAsync();

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Fact(Timeout = 90_000)]
    public async Task Killed_WhileAReadWaits_NextAgentAnswersIt()
    {
        _bench.Stalls = true;
        TestProcess reader;
        await using (TestProcess killed = await _bench.StartReadyAsync())
        {
            reader = _bench.StartReading(block: 1, blocks: 4);
            await Eventually.IsSoAsync(() => _bench.AskedForBlocks > 0);
            await TakeoverBench.KillAsync(killed);
        }

        _bench.Stalls = false;
        await using (reader)
        {
            await using TestProcess agent = await _bench.StartReadyAsync();
            Assert.Equal("0 0", (await reader.WaitForExitAsync(Limit)).Output.Trim());
            Assert.Equal(2u, (await _bench.TakeoverAsync()).Generation);
            await _bench.AssertSameAsync();
            await EndAsync(agent);
        }
    }

    [Fact(Timeout = 90_000)]
    public async Task Killed_NoNextAgent_ReaderGetsAnErrorAndTheMountIsGone()
    {
        _bench.Stalls = true;
        int holder;
        TestProcess reader;
        await using (TestProcess killed = await _bench.StartReadyAsync("--takeover-time", "2s"))
        {
            holder = (await _bench.TakeoverAsync()).Holder!.Value;
            reader = _bench.StartReading(block: 1);
            await Eventually.IsSoAsync(() => _bench.AskedForBlocks > 0);
            await TakeoverBench.KillAsync(killed);
        }

        long began = TimeProvider.System.GetTimestamp();
        await using (reader) Assert.NotEqual("0 0", (await reader.WaitForExitAsync(Limit)).Output.Trim());
        Assert.InRange(TimeProvider.System.GetElapsedTime(began).TotalSeconds, 1, 10);
        await Eventually.IsSoAsync(() => !_bench.IsMounted() && !Directory.Exists($"/proc/{holder}"));
    }

    [Fact(Timeout = 90_000)]
    public async Task Killed_ReaderKilledMeanwhile_GoesAtOnce()
    {
        _bench.Stalls = true;
        await using (TestProcess killed = await _bench.StartReadyAsync())
        {
            await using TestProcess reader = TestProcess.Start("dd", [$"if={_bench.Disk}", "iflag=direct", "bs=256K", "skip=1", "count=1", "of=/dev/null", "status=none"]);
            await Eventually.IsSoAsync(() => _bench.AskedForBlocks > 0);
            await TakeoverBench.KillAsync(killed);

            // Before the holder has asked for it again, the kernel waits for the answer, whoever is killed.
            await Eventually.IsSoAsync(async () => (await OsCircularProgram.RunAsync("status", "--cache", _bench.Cache)).Errors.Contains("is kept for another", StringComparison.Ordinal));
            reader.Kill();
            await reader.WaitForExitAsync(TimeSpan.FromSeconds(5));
        }
    }

    [Fact(Timeout = 90_000)]
    public async Task Killed_UnmountedMeanwhile_HolderEndsAndTheNextAgentMounts()
    {
        await _bench.StartAndKillAsync();
        Assert.Contains($"its mount on {_bench.MountPoint} is kept", (await OsCircularProgram.RunAsync("status", "--cache", _bench.Cache)).Errors, StringComparison.Ordinal);

        (await TestProcess.RunAsync("umount", ["-l", _bench.MountPoint], Limit)).MustSucceed();

        await using TestProcess agent = await _bench.StartReadyAsync();
        Assert.Equal(1u, (await _bench.TakeoverAsync()).Generation);
        await EndAsync(agent);
    }

    [Fact(Timeout = 90_000)]
    public async Task Killed_HolderToo_NextAgentCleansAndMounts()
    {
        await using (TestProcess agent = await _bench.StartReadyAsync())
        {
            int holder = (await _bench.TakeoverAsync()).Holder!.Value;
            await TakeoverBench.KillAsync(agent);
            await TestProcess.ShellAsync("kill -9 $1", $"{holder}");
            await Eventually.IsSoAsync(() => !Directory.Exists($"/proc/{holder}"));
        }

        Assert.True(_bench.IsMounted());
        await using TestProcess next = await _bench.StartReadyAsync();
        Assert.Equal(1u, (await _bench.TakeoverAsync()).Generation);
        await _bench.AssertSameAsync();
        await EndAsync(next);
    }

    [Fact(Timeout = 90_000)]
    public async Task HolderKilled_AgentGoesOnAndStartsAnother()
    {
        await using (TestProcess agent = await _bench.StartReadyAsync())
        {
            int first = (await _bench.TakeoverAsync()).Holder!.Value;
            await TestProcess.ShellAsync("kill -9 $1", $"{first}");
            await Eventually.IsSoAsync(async () => (await _bench.TakeoverAsync()).Holder is { } second && second != first);
            await _bench.AssertSameAsync();
            await TakeoverBench.KillAsync(agent);
        }

        await using TestProcess next = await _bench.StartReadyAsync();
        Assert.Equal(2u, (await _bench.TakeoverAsync()).Generation);
        await _bench.AssertSameAsync();
        await EndAsync(next);
    }

    [Fact(Timeout = 90_000)]
    public async Task Terminated_FileOpen_IsHandedOver()
    {
        await using TestProcess first = await _bench.StartReadyAsync();
        await using TestProcess holding = await HoldOpenAsync();
        first.Signal(TestProcess.Terminate);
        Assert.Equal(0, (await first.WaitForExitAsync(Limit)).ExitCode);
        Assert.True(_bench.IsMounted());

        await using TestProcess second = await _bench.StartReadyAsync();
        await TestProcess.ShellAsync("cmp \"$1\" \"/proc/$2/fd/7\"", _bench.Small.Image, $"{holding.Id}");
        await TakeoverBench.KillAsync(holding);
        await EndAsync(second);
    }

    [Fact(Timeout = 90_000)]
    public async Task Killed_AnotherMountPointWanted_UnusedMountIsMoved()
    {
        await _bench.StartAndKillAsync();

        await using TestProcess agent = _bench.Start(_bench.Elsewhere);
        await agent.WaitForOutputAsync("ready", Limit);

        Assert.False(_bench.IsMounted());
        Assert.True(_bench.IsMounted(_bench.Elsewhere));
        Assert.Equal(1u, (await _bench.TakeoverAsync()).Generation);
        await EndAsync(agent);
        Assert.False(_bench.IsMounted(_bench.Elsewhere));
    }

    [Fact(Timeout = 90_000)]
    public async Task Killed_AnotherMountPointWanted_MountInUseIsKeptAndNamed()
    {
        await using TestProcess killed = await _bench.StartReadyAsync();
        await using TestProcess holding = await HoldOpenAsync();
        await TakeoverBench.KillAsync(killed);

        await using (TestProcess refused = _bench.Start(_bench.Elsewhere))
        {
            ProcessResult end = await refused.WaitForExitAsync(Limit);
            Assert.Equal(1, end.ExitCode);
            Assert.Contains(_bench.MountPoint, end.Errors, StringComparison.Ordinal);
        }

        await using TestProcess agent = await _bench.StartReadyAsync();
        Assert.Equal(2u, (await _bench.TakeoverAsync()).Generation);
        await TakeoverBench.KillAsync(holding);
        await EndAsync(agent);
    }

    [Fact(Timeout = 90_000)]
    public async Task TwoAgents_OneCache_SecondIsRefusedAndTheFirstKeepsItsMount()
    {
        await using TestProcess first = await _bench.StartReadyAsync();
        await using (TestProcess second = _bench.Start(_bench.Elsewhere))
        {
            ProcessResult end = await second.WaitForExitAsync(Limit);
            Assert.Equal(1, end.ExitCode);
            Assert.Contains("in use by process", end.Errors, StringComparison.Ordinal);
        }

        await _bench.AssertSameAsync();
        Assert.Equal(1u, (await _bench.TakeoverAsync()).Generation);
        await EndAsync(first);
    }

    [Fact(Timeout = 90_000)]
    public async Task Ended_InOrder_LeavesNoHolder()
    {
        await using TestProcess agent = await _bench.StartReadyAsync();
        int holder = (await _bench.TakeoverAsync()).Holder!.Value;
        await EndAsync(agent);
        await Eventually.IsSoAsync(() => !Directory.Exists($"/proc/{holder}"));
    }

    private async Task EndAsync(TestProcess agent)
    {
        agent.Signal(TestProcess.Terminate);
        Assert.Equal(0, (await agent.WaitForExitAsync(Limit)).ExitCode);
        Assert.False(_bench.IsMounted());
    }

    /// <summary>A process that has the disk open as descriptor 7 until it is disposed.</summary>
    private async Task<TestProcess> HoldOpenAsync()
    {
        TestProcess holding = TestProcess.Start("bash", ["-c", "exec 7<\"$1\"; echo open; exec sleep 1000", "bash", _bench.Disk]);
        await holding.WaitForOutputAsync("open", Limit);
        return holding;
    }
}
