using Microsoft.Extensions.Logging.Abstractions;
using OsCircular.Fuse;
using OsCircular.Fuse.Protocol;
using OsCircular.TestKit.Fuse;

namespace OsCircular.Tests.Fuse;

public sealed class FuseReadTests : IAsyncDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    private readonly FakeConnection _connection = new();

    private FuseKernelFake Kernel => _connection.Kernel;

    private MemoryFileSystem Files => _connection.Files;

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    [Fact]
    public void Reply_InSegments_JoinsThem()
    {
        ReadOnlyMemory<byte>[] segments = [new byte[] { 1, 2 }, Array.Empty<byte>(), new byte[] { 3 }, new byte[] { 4, 5, 6 }];
        var table = new FuseRequestTable(new FuseChannel(Kernel.Device, NullLogger.Instance), NullLogger.Instance);
        Assert.True(table.TryBeginRead(1000, 1, 0, 4096, out FuseRead? read));
        read.Reply(segments);
        Assert.Equal([1, 2, 3, 4, 5, 6], Kernel.Receive(1000).Body);
    }

    [Theory]
    [InlineData(0, 4096, 4096)]
    [InlineData(8000, 4096, 2000)]
    [InlineData(20000, 4096, 0)]
    public void Read_AtAnOffset_GivesThatPart(long offset, int size, int expected)
    {
        byte[] content = MemoryFileSystem.Content(10_000);
        MemoryFile file = Files.AddFile(Files.Root, "a", content);
        Assert.Equal(content.Skip((int)offset).Take(expected), Kernel.Read(file.Id, offset, size).Body);
    }

    [Fact]
    public async Task Read_AnsweredLater_GoesToItsOwnRequest()
    {
        MemoryFile slow = Files.AddFile(Files.Root, "slow", [1]);
        MemoryFile fast = Files.AddFile(Files.Root, "fast", [2]);
        slow.Gate = new Gate();
        ulong[] waiting = [.. Enumerable.Range(0, 20).Select(_ => Kernel.Send(FuseOpcode.Read, slow.Id, FuseKernelFake.ReadBody(0, 4096)))];
        for (int i = 0; i < waiting.Length; i++) await slow.Gate.ArrivedAsync();
        Assert.Equal([2], Kernel.Read(fast.Id, 0, 4096).Body);
        Assert.Equal(20, _connection.Session.Counters.Waiting);
        slow.Gate.Open();
        foreach (ulong unique in waiting) Assert.Equal([1], Kernel.Receive(unique).Body);
        Assert.Equal(0, _connection.Session.Counters.Waiting);
    }

    [Fact]
    public void Read_SentAgainForATakeover_IsAnsweredWithItsWholeNumber()
    {
        MemoryFile file = Files.AddFile(Files.Root, "a", [1]);
        const ulong Unique = (1ul << 63) | 40;
        Kernel.SendAs(Unique, FuseOpcode.Read, file.Id, FuseKernelFake.ReadBody(0, 4096));
        Assert.Equal([1], Kernel.Receive(Unique).Body);
    }

    [Fact]
    public async Task Read_SentTwiceUnderOneNumber_IsAnsweredOnce()
    {
        MemoryFile file = Files.AddFile(Files.Root, "a", [1]);
        file.Gate = new Gate();
        ulong unique = Kernel.Send(FuseOpcode.Read, file.Id, FuseKernelFake.ReadBody(0, 4096));
        await file.Gate.ArrivedAsync();
        Kernel.SendAs(unique, FuseOpcode.Read, file.Id, FuseKernelFake.ReadBody(0, 4096));
        while (_connection.Session.Counters.Of(FuseOpcode.Read) < 2) await Task.Yield();
        file.Gate.Open();
        Assert.Equal([1], Kernel.Receive(unique).Body);
        Assert.Equal(FuseError.Ok, Kernel.Call(FuseOpcode.GetAttributes, 1, new byte[16]).Error);
        Assert.False(Kernel.HasReply);
    }

    [Fact]
    public async Task Interrupt_OfAWaitingRead_AnswersEintrAtOnceAndDropsTheLateReply()
    {
        MemoryFile file = Files.AddFile(Files.Root, "slow", [1]);
        file.Gate = new Gate();
        ulong unique = Kernel.Send(FuseOpcode.Read, file.Id, FuseKernelFake.ReadBody(0, 4096));
        await file.Gate.ArrivedAsync();
        Kernel.Interrupt(unique);
        Assert.Equal(FuseError.EINTR, Kernel.Receive(unique).Error);
        await file.Gate.InterruptedAsync();
        file.Gate.Open();
        Assert.Equal([1], Kernel.Read(file.Id, 0, 4096).Body);
        Assert.False(Kernel.HasReply);
        Assert.Equal(1, _connection.Session.Counters.Interrupted);
    }

    [Fact]
    public async Task Interrupt_WhoseHandlerThrows_StillAnswersAndTheSessionLives()
    {
        var told = new TaskCompletionSource<FuseRequest>();
        var held = new TaskCompletionSource();
        await using FuseSession session = await _connection.ReplaceSessionAsync(new HoldingFileSystem(held, told));
        ulong unique = Kernel.Send(FuseOpcode.Read, 1, FuseKernelFake.ReadBody(0, 4096));
        await held.Task.WaitAsync(Soon);
        Kernel.Interrupt(unique);
        Assert.Equal(FuseError.EINTR, Kernel.Receive(unique).Error);
        FuseRequest request = await told.Task.WaitAsync(Soon);
        Assert.True(request.IsInterrupted);
        request.ReplyError(FuseError.EINTR);
        Assert.Equal(FuseError.ENOENT, Kernel.Call(FuseOpcode.GetAttributes, 1, new byte[16]).Error);
        Assert.False(Kernel.HasReply);
    }

    [Fact]
    public async Task Interrupt_OfAWaitingSeek_AnswersEintr()
    {
        MemoryFile file = Files.AddFile(Files.Root, "slow", [1]);
        file.Gate = new Gate();
        ulong unique = Kernel.Send(FuseOpcode.Seek, file.Id, FuseKernelFake.SeekBody(0, FuseSeek.Data));
        await file.Gate.ArrivedAsync();
        Kernel.Interrupt(unique);
        Assert.Equal(FuseError.EINTR, Kernel.Receive(unique).Error);
    }

    [Fact]
    public async Task Interrupt_BeforeItsRequestIsEntered_IsKeptForIt()
    {
        MemoryFile file = Files.AddFile(Files.Root, "slow", [1]);
        file.Gate = new Gate();
        Kernel.Interrupt(5000);
        while (_connection.Session.Counters.Of(FuseOpcode.Interrupt) == 0) await Task.Yield();
        Kernel.SendAs(5000, FuseOpcode.Read, file.Id, FuseKernelFake.ReadBody(0, 4096));
        Assert.Equal(FuseError.EINTR, Kernel.Receive(5000).Error);
        file.Gate.Open();
        Assert.Equal([1], Kernel.Read(file.Id, 0, 4096).Body);
    }

    [Fact]
    public async Task Interrupt_RacingTheReply_LeavesExactlyOneAnswer()
    {
        MemoryFile file = Files.AddFile(Files.Root, "slow", [1]);
        for (int round = 0; round < 500; round++)
        {
            file.Gate = new Gate();
            ulong unique = Kernel.Send(FuseOpcode.Read, file.Id, FuseKernelFake.ReadBody(0, 4096));
            await file.Gate.ArrivedAsync();
            Task opening = Task.Run(file.Gate.Open);
            Kernel.Interrupt(unique);
            Assert.True(Kernel.Receive(unique).Error is FuseError.Ok or FuseError.EINTR);
            await opening;
        }

        file.Gate = null;
        Assert.Equal([1], Kernel.Read(file.Id, 0, 4096).Body);
        Assert.False(Kernel.HasReply);
        Assert.Equal(0, _connection.Session.Counters.Waiting);
    }

    [Fact]
    public async Task InlineAllowed_WhileEveryThreadThatMayWaitDoes_LeavesOneForTheRest()
    {
        using var disk = new ManualResetEventSlim();
        using var stalled = new SemaphoreSlim(0);
        MemoryFile file = Files.AddFile(Files.Root, "a", [1]);
        int refused = 0;
        Files.Reading = read =>
        {
            if (!read.InlineAllowed) Interlocked.Increment(ref refused);
            else
            {
                stalled.Release();
                disk.Wait();
            }
        };
        ulong[] reads = [Send(), Send()];
        for (int i = 0; i < 2; i++) Assert.True(await stalled.WaitAsync(Soon));
        Assert.Equal([1], Kernel.Read(file.Id, 0, 4096).Body);
        Assert.Equal(FuseError.Ok, Kernel.Call(FuseOpcode.GetAttributes, 1, new byte[16]).Error);
        Assert.Equal(1, refused);
        disk.Set();
        foreach (ulong unique in reads) Assert.Equal([1], Kernel.Receive(unique).Body);

        ulong Send() => Kernel.Send(FuseOpcode.Read, file.Id, FuseKernelFake.ReadBody(0, 4096));
    }

    [Fact]
    public async Task Reply_Twice_Throws()
    {
        var second = new TaskCompletionSource<Exception?>();
        MemoryFile file = Files.AddFile(Files.Root, "a", [1]);
        Files.Reading = read =>
        {
            read.ReplyError(FuseError.EIO);
            second.SetResult(Record.Exception(() => read.ReplyError(FuseError.EIO)));
            throw new InvalidOperationException("the read has its answer");
        };
        Assert.Equal(FuseError.EIO, Kernel.Read(file.Id, 0, 4096).Error);
        Assert.IsType<InvalidOperationException>(await second.Task.WaitAsync(Soon));
        Files.Reading = null;
        Assert.Equal([1], Kernel.Read(file.Id, 0, 4096).Body);
        Assert.False(Kernel.HasReply);
    }

    [Fact]
    public void Reply_LongerThanAsked_ThrowsAndIsAnsweredEio()
    {
        Files.Reading = read => read.Reply(new byte[read.Length + 1]);
        Assert.Equal(FuseError.EIO, Kernel.Read(1, 0, 4096).Error);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, (1 << 20) + 1)]
    [InlineData(-1, 4096)]
    public void Read_OutsideTheProtocol_IsRefused(long offset, int size) => Assert.Equal(FuseError.EINVAL, Kernel.Read(1, offset, size).Error);

    private sealed class HoldingFileSystem(TaskCompletionSource held, TaskCompletionSource<FuseRequest> told) : EmptyFileSystem, IFuseInterruptible
    {
        public override void Read(FuseRead request)
        {
            Assert.True(request.TrySetInterruptHandler(this));
            held.SetResult();
        }

        public void OnInterrupt(FuseRequest request)
        {
            told.SetResult(request);
            throw new InvalidOperationException("a bug");
        }
    }
}
