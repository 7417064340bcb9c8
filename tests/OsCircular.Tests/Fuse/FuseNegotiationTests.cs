using System.Buffers.Binary;
using OsCircular.Fuse;
using OsCircular.Fuse.Protocol;
using OsCircular.TestKit.Fuse;

namespace OsCircular.Tests.Fuse;

public sealed class FuseNegotiationTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Init_OfTheKernelTested_AgreesOnLargeReadsAndNoAsyncDirectIo()
    {
        await using var connection = new FakeConnection(init: false);
        FuseReply answer = connection.Kernel.Init();
        Assert.Equal(64, answer.Body.Length);
        Assert.Equal(7u, Word(answer, 0));
        Assert.Equal(45u, Word(answer, 4));
        Assert.Equal(64u | (48u << 16), Word(answer, 16));
        Assert.Equal(4096u, Word(answer, 20));
        Assert.Equal((1 << 20) / Environment.SystemPageSize, BinaryPrimitives.ReadUInt16LittleEndian(answer.Body.AsSpan(28)));

        FuseConnectionState state = await connection.Session.Connected.WaitAsync(Soon);
        Assert.Equal((uint)state.Agreed, Word(answer, 12));
        Assert.False(state.Agreed.HasFlag(FuseInitFlags.AsyncDirectIo));
        Assert.True(state.Agreed.HasFlag(FuseInitFlags.MaxPages | FuseInitFlags.ParallelDirectoryOperations | FuseInitFlags.ReadDirectoryPlus));
        Assert.True(state.CanResend);
        Assert.Equal(1 << 20, state.MaxReadBytes);
    }

    [Fact]
    public async Task Init_OlderKernel_IsAnsweredInItsVersion()
    {
        await using var connection = new FakeConnection(init: false);
        FuseReply answer = connection.Kernel.Call(FuseOpcode.Init, 0, FuseKernelFake.InitBody(minor: 31, flags: 1 << 22)[..16]);
        Assert.Equal(31u, Word(answer, 4));
        Assert.Equal(1u << 22, Word(answer, 12));
        Assert.False((await connection.Session.Connected.WaitAsync(Soon)).CanResend);
    }

    [Fact]
    public async Task Init_NewerMajor_IsToldOursAndMayAskAgain()
    {
        await using var connection = new FakeConnection(init: false);
        Assert.Equal(7u, Word(connection.Kernel.Call(FuseOpcode.Init, 0, FuseKernelFake.InitBody(major: 8)), 0));
        Assert.False(connection.Session.Connected.IsCompleted);
        Assert.Equal(FuseError.Ok, connection.Kernel.Init().Error);
        await connection.Session.Connected.WaitAsync(Soon);
    }

    [Fact]
    public async Task Init_TooOldKernel_FailsTheSessionWithAReason()
    {
        await using var connection = new FakeConnection(init: false);
        Assert.Equal(FuseError.EPROTO, connection.Kernel.Call(FuseOpcode.Init, 0, FuseKernelFake.InitBody(minor: 27)).Error);
        FuseSessionEnd end = await connection.Session.Completion.WaitAsync(Soon);
        Assert.Equal(FuseSessionEndReason.Failed, end.Reason);
        Assert.Contains("7.27", end.Failure!.Message);
    }

    [Fact]
    public async Task Init_SavingTheState_HappensBeforeTheAnswer()
    {
        FuseConnectionState? saved = null;
        FakeConnection? connection = null;
        bool answeredBefore = true;
        connection = new FakeConnection(
            new FuseSessionOptions
            {
                Threads = 2,
                Negotiating = state =>
                {
                    answeredBefore = connection!.Kernel.HasReply;
                    saved = state;
                },
            },
            init: false);
        await using (connection)
        {
            connection.Kernel.Init();
            Assert.False(answeredBefore);
            Assert.Equal(await connection.Session.Connected.WaitAsync(Soon), saved);
        }
    }

    [Fact]
    public async Task Init_StateThatCannotBeSaved_FailsWithoutAnAnswer()
    {
        await using var connection = new FakeConnection(new FuseSessionOptions { Threads = 2, Negotiating = _ => throw new IOException("full") }, init: false);
        connection.Kernel.Send(FuseOpcode.Init, 0, FuseKernelFake.InitBody());
        Assert.Equal(FuseSessionEndReason.Failed, (await connection.Session.Completion.WaitAsync(Soon)).Reason);
        Assert.False(connection.Kernel.HasReply);
    }

    [Fact]
    public async Task Session_OnANegotiatedConnection_ServesWithoutInitAndStillTakesOne()
    {
        await using var first = new FakeConnection();
        first.Files.AddFile(first.Files.Root, "a", [1, 2, 3]);
        FuseConnectionState state = await first.Session.Connected.WaitAsync(Soon);
        await first.Session.StopAsync(Soon);

        await using FuseSession second = first.NewSession(new FuseSessionOptions { Threads = 2, Negotiated = state });
        second.Start();
        Assert.True(second.Connected.IsCompletedSuccessfully);
        Assert.Equal([1, 2, 3], first.Kernel.Read(2, 0, 4096).Body);
        Assert.Equal(64, first.Kernel.Init().Body.Length);
        Assert.Equal([1, 2, 3], first.Kernel.Read(2, 0, 4096).Body);
    }

    private static uint Word(FuseReply reply, int offset) => BinaryPrimitives.ReadUInt32LittleEndian(reply.Body.AsSpan(offset));
}
