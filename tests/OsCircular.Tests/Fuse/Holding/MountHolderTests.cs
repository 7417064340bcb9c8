using System.Net.Sockets;
using System.Runtime.InteropServices;
using CsCheck;
using Microsoft.Win32.SafeHandles;
using OsCircular.Fuse;
using OsCircular.Fuse.Holding;
using OsCircular.TestKit;
using OsCircular.TestKit.Fuse;

namespace OsCircular.Tests.Fuse.Holding;

/// <summary>A holder in a thread of the test, a kernel that is a socket pair, and agents that are connections.</summary>
public sealed class MountHolderTests : IDisposable
{
    private const int FuzzSeconds = 2;
    private const int Resend = 7;

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(5);

    private static readonly HandOver State = new() { MountPoint = "/nowhere/mnt", MountDevice = "0:1", Identity = "a", Generation = 1 };

    private readonly TempDirectory _folder = new();
    private readonly FuseKernelFake _kernel = new();
    private readonly MountHolder _holder;
    private readonly Task _running;

    public MountHolderTests()
    {
        _holder = new MountHolder(SocketPath, TimeProvider.System);
        _running = Task.Factory.StartNew(_holder.Run, TaskCreationOptions.LongRunning);
    }

    private string SocketPath => _folder["holder.sock"];

    public void Dispose()
    {
        _holder.EndWithAgent();
        Assert.True(_running.Wait(Soon));
        _holder.Dispose();
        _kernel.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Take_NothingKept_IsNull()
    {
        using HolderKeeper agent = Agent();
        Assert.Null(agent.Take());
    }

    [Fact]
    public void Take_AgentEnded_GivesTheConnectionAndTheStateSavedLast()
    {
        using (HolderKeeper first = Keeping(Long)) first.Save(State with { Generation = 5 }, serving: true);

        using HolderKeeper second = Agent();
        KeptMount kept = second.Take()!;

        Assert.True(HandOverFormat.TryRead(kept.State.Span, out HandOver? state, out _));
        Assert.Equal(5u, state.Generation);
        Assert.Equal(Resend, (int)_kernel.Receive().Error);
        // The same open description: what is written to it reaches this kernel.
        Assert.Equal(FuseError.Ok, FuseResend.Ask(kept.Device));
        Assert.Equal(Resend, (int)_kernel.Receive().Error);
        kept.Device.Dispose();
    }

    [Fact]
    public void AgentEnds_Unanswered_AsksAgainBeforeAnybodyTakesOver()
    {
        Keeping(Long).Dispose();
        Assert.Equal(Resend, (int)_kernel.Receive().Error);
    }

    [Fact]
    public async Task AgentEnds_NoneComesInTime_ClosesTheConnectionAndEnds()
    {
        Keeping(TimeSpan.FromMilliseconds(200)).Dispose();
        await _running.WaitAsync(Soon);
        Assert.True(IsClosed());
    }

    [Fact]
    public async Task AgentEnds_NoTakeoverTimeAnyMore_ClosesTheConnectionAtOnce()
    {
        Keeping(Long).Dispose();
        using (var last = new HolderKeeper(new HolderCommand("/nowhere", []), SocketPath, TimeSpan.Zero))
        {
            last.Take()!.Device.Dispose();
            last.Save(State, serving: true);
        }

        await _running.WaitAsync(Soon);
        Assert.True(IsClosed());
    }

    [Fact]
    public async Task AgentsEnd_OneAfterAnotherWithoutServing_DoNotPutTheEndOff()
    {
        Keeping(TimeSpan.FromSeconds(1)).Dispose();
        long began = TimeProvider.System.GetTimestamp();
        while (!_running.IsCompleted && TimeProvider.System.GetElapsedTime(began) < Soon)
        {
            try
            {
                using HolderKeeper failing = new(new HolderCommand("/nowhere", []), SocketPath, TimeSpan.Zero);
                failing.Take()?.Device.Dispose();
            }
            catch (FuseException)
            {
                // It has just ended.
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, TestContext.Current.CancellationToken);
        }

        Assert.True(_running.IsCompletedSuccessfully);
        Assert.True(IsClosed());
    }

    [Fact]
    public async Task Unmounted_ByAnyone_EndsTheHolder()
    {
        using HolderKeeper agent = Keeping(Long);
        _kernel.Unmount();
        await _running.WaitAsync(Soon);
    }

    [Fact]
    public async Task Release_EndsTheHolderAndLeavesNoSocket()
    {
        using HolderKeeper agent = Keeping(Long);
        agent.Release();
        Assert.False(File.Exists(SocketPath));
        await _running.WaitAsync(Soon);
        Assert.False(agent.IsThere);
    }

    [Fact]
    public async Task Release_NothingKept_EndsTheHolder()
    {
        using (Socket client = HolderSocket.New())
        {
            client.Connect(new UnixDomainSocketEndPoint(SocketPath));
            client.Send(new HolderMessage(HolderMessageKind.Release, 0, []).Write());
            await _running.WaitAsync(Soon);
        }

        Assert.False(File.Exists(SocketPath));
    }

    [Fact]
    public async Task Kernel_ThatCannotSendAgain_IsClosedAtOnce()
    {
        // Writing to an epoll descriptor is answered EINVAL, as an older kernel answers the notification.
        using var device = new SafeFileHandle(epoll_create1(0), ownsHandle: true);
        using (HolderKeeper agent = Agent(Long)) agent.Keep(device, State);
        await _running.WaitAsync(Soon);
    }

    [Fact]
    public void Look_NoAgentRuns_TellsWhatIsKeptAndForHowLong()
    {
        Keeping(Long).Dispose();
        (string mountPoint, TimeSpan left) = HolderKeeper.Look(SocketPath)!.Value;
        Assert.Equal(State.MountPoint, mountPoint);
        Assert.InRange(left, Long - Soon, Long);
    }

    [Fact]
    public void Client_SaysAnything_HolderServesOn()
    {
        Gen.OneOf(Gen.Byte.Array[1, 64], Gen.Select(Gen.UShort[0, 12], Gen.Byte.Array[0, 64], (kind, body) => new HolderMessage((HolderMessageKind)kind, 1, body).Write()))
            .Where(bytes => !HolderMessage.TryRead(bytes, out HolderMessage message) || message.Kind is not (HolderMessageKind.Take or HolderMessageKind.Release))
            .Array[1, 5].Sample(
                messages =>
                {
                    using Socket client = HolderSocket.New();
                    client.Connect(new UnixDomainSocketEndPoint(SocketPath));
                    foreach (byte[] message in messages) client.Send(message);
                },
                time: FuzzSeconds,
                threads: 1);

        using HolderKeeper agent = Keeping(Long);
        Assert.True(agent.IsThere);
    }

    private HolderKeeper Agent(TimeSpan? takeoverTime = null) => new(new HolderCommand("/nowhere", []), SocketPath, takeoverTime ?? Long);

    private HolderKeeper Keeping(TimeSpan takeoverTime)
    {
        HolderKeeper agent = Agent(takeoverTime);
        agent.Keep(_kernel.Device, State);
        return agent;
    }

    /// <summary>Nobody but the test has the connection any more.</summary>
    private bool IsClosed()
    {
        _kernel.Device.Dispose();
        while (_kernel.HasReply) Assert.Equal(Resend, (int)_kernel.Receive().Error);
        return Assert.Throws<InvalidOperationException>(_kernel.Receive).Message.Contains("0 bytes", StringComparison.Ordinal);
    }

    [DllImport("libc")]
    private static extern int epoll_create1(int flags);
}
