using OsCircular.Fuse;
using OsCircular.Fuse.Protocol;
using OsCircular.TestKit.Fuse;

namespace OsCircular.Tests.Fuse;

public sealed class FuseSessionTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task StopAsync_Idle_EndsAllThreads()
    {
        await using var connection = new FakeConnection();
        await connection.Session.StopAsync(Soon);
        Assert.Equal(FuseSessionEndReason.Stopped, (await connection.Session.Completion.WaitAsync(Soon)).Reason);
    }

    [Fact]
    public async Task StopAsync_WithReadsUnderWay_LetsThemBeAnswered()
    {
        await using var connection = new FakeConnection();
        MemoryFile file = connection.Files.AddFile(connection.Files.Root, "a", [1]);
        file.Gate = new Gate();
        ulong unique = connection.Kernel.Send(FuseOpcode.Read, file.Id, FuseKernelFake.ReadBody(0, 4096));
        await file.Gate.ArrivedAsync();
        Task stopping = connection.Session.StopAsync(Soon);
        await connection.Session.Completion.WaitAsync(Soon);
        Assert.False(stopping.IsCompleted);
        file.Gate.Open();
        Assert.Equal([1], connection.Kernel.Receive(unique).Body);
        await stopping.WaitAsync(Soon);
    }

    [Fact]
    public async Task StopAsync_PastItsBound_LeavesTheRestUnansweredForASuccessor()
    {
        await using var connection = new FakeConnection();
        MemoryFile file = connection.Files.AddFile(connection.Files.Root, "a", [1]);
        Gate gate = file.Gate = new Gate();
        ulong unique = connection.Kernel.Send(FuseOpcode.Read, file.Id, FuseKernelFake.ReadBody(0, 4096));
        await gate.ArrivedAsync();
        await connection.Session.StopAsync(TimeSpan.FromMilliseconds(50));
        Assert.Equal(1, gate.Interrupts);
        gate.Open();
        Assert.False(connection.Kernel.HasReply);

        file.Gate = null;
        await using FuseSession successor = connection.NewSession(new FuseSessionOptions { Threads = 2, Negotiated = await connection.Session.Connected });
        successor.Start();
        connection.Kernel.SendAs(unique | (1ul << 63), FuseOpcode.Read, file.Id, FuseKernelFake.ReadBody(0, 4096));
        Assert.Equal([1], connection.Kernel.Receive(unique | (1ul << 63)).Body);
    }

    [Fact]
    public async Task Session_WhoseKernelIsGone_EndsAndTellsWhoWaits()
    {
        await using var connection = new FakeConnection();
        MemoryFile file = connection.Files.AddFile(connection.Files.Root, "a", [1]);
        file.Gate = new Gate();
        connection.Kernel.Send(FuseOpcode.Read, file.Id, FuseKernelFake.ReadBody(0, 4096));
        await file.Gate.ArrivedAsync();
        connection.Kernel.Unmount();
        Assert.Equal(FuseSessionEndReason.Unmounted, (await connection.Session.Completion.WaitAsync(Soon)).Reason);
        Assert.Equal(1, file.Gate.Interrupts);
    }

    [Fact]
    public async Task Session_NeverStarted_IsDisposedAtOnce()
    {
        using var kernel = new FuseKernelFake();
        await using var connection = new FakeConnection();
        await connection.NewSession(new FuseSessionOptions()).DisposeAsync();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(65)]
    public async Task Session_WithTooFewOrManyThreads_IsRefused(int threads)
    {
        await using var connection = new FakeConnection();
        Assert.Throws<ArgumentOutOfRangeException>(() => connection.NewSession(new FuseSessionOptions { Threads = threads }));
    }

    [Fact]
    public async Task Counters_AfterSomeRequests_SayWhich()
    {
        await using var connection = new FakeConnection();
        connection.Kernel.Call(FuseOpcode.Lookup, 1, FuseKernelFake.Name("missing"));
        connection.Kernel.Read(1, 0, 4096);
        FuseCounters counters = connection.Session.Counters;
        Assert.Equal((1, 1, 1), (counters.Of(FuseOpcode.Init), counters.Of(FuseOpcode.Lookup), counters.Of(FuseOpcode.Read)));
        Assert.Equal(1, counters.ErrorReplies);
        Assert.Equal(0, counters.Of((FuseOpcode)4711));
        Assert.Equal(0, default(FuseCounters).Of(FuseOpcode.Read));
    }
}
