using OsCircular.Fuse;
using OsCircular.Fuse.Holding;
using OsCircular.TestKit.Fuse;
using OsCircular.TestKit.Holding;

namespace OsCircular.Tests.Fuse.Holding;

public sealed class ServiceManagerKeeperTests : IDisposable
{
    private static readonly HandOver State = new() { MountPoint = "/mnt", MountDevice = "0:1", Identity = "a", Generation = 1 };

    private readonly FakeServiceManager _manager = new();
    private readonly FuseKernelFake _kernel = new();

    public void Dispose()
    {
        _manager.Dispose();
        _kernel.Dispose();
    }

    [Theory]
    [InlineData("NOTIFY_SOCKET", null)]
    [InlineData("FDSTORE", null)]
    [InlineData("FDSTORE", "2")]
    [InlineData("FDSTORE", "many")]
    public void Find_ManagerKeepsTooLittleOrNothing_IsNull(string variable, string? value) =>
        Assert.Null(ServiceManagerKeeper.Find(asked => asked == variable ? value : _manager.First(asked)));

    [Fact]
    public void Find_ManagerDoesNotListen_IsSaid() =>
        Assert.Throws<FuseException>(() => ServiceManagerKeeper.Find(asked => asked == "NOTIFY_SOCKET" ? "/nowhere/notify" : _manager.First(asked)));

    [Fact]
    public void Take_FirstStart_IsNull()
    {
        using ServiceManagerKeeper agent = First();
        Assert.Null(agent.Take());
    }

    [Fact]
    public void Take_NextStart_GivesTheConnectionAndTheStateSavedLast()
    {
        using (ServiceManagerKeeper first = First())
        {
            first.Keep(_kernel.Device, State);
            first.Save(State with { Generation = 2 }, serving: true);
        }

        using ServiceManagerKeeper second = Next();
        KeptMount kept = second.Take()!;

        Assert.True(HandOverFormat.TryRead(kept.State.Span, out HandOver? state, out _));
        Assert.Equal(2u, state.Generation);
        Assert.Equal(FuseError.Ok, FuseResend.Ask(kept.Device));
        Assert.Equal(7, (int)_kernel.Receive().Error);
        kept.Device.Dispose();
    }

    [Fact]
    public void Save_ManyTimesOverManyStarts_LeavesOneState()
    {
        using (ServiceManagerKeeper first = First()) first.Keep(_kernel.Device, State);
        for (uint generation = 2; generation < 5; generation++)
        {
            using ServiceManagerKeeper next = Next();
            next.Take()!.Device.Dispose();
            next.Save(State with { Generation = generation }, serving: false);
            next.Save(State with { Generation = generation }, serving: true);
        }

        Assert.Equal(["oscircular-fuse", "oscircular-state-7"], _manager.Stored.Order());
    }

    [Fact]
    public void Take_UnmountedMeanwhile_IsNullAndTheStateIsForgotten()
    {
        using (ServiceManagerKeeper first = First()) first.Keep(_kernel.Device, State);
        _manager.Drop("oscircular-fuse");

        using ServiceManagerKeeper second = Next();

        Assert.Null(second.Take());
        Assert.Empty(_manager.Stored);
    }

    [Fact]
    public void Take_PassedToAnotherProcess_IsNull()
    {
        using (ServiceManagerKeeper first = First()) first.Keep(_kernel.Device, State);
        using ServiceManagerKeeper other = ServiceManagerKeeper.Find(asked => asked == "LISTEN_PID" ? "1" : asked.StartsWith("LISTEN", StringComparison.Ordinal) ? "2" : _manager.First(asked))!;
        Assert.Null(other.Take());
    }

    [Fact]
    public void Release_LeavesNothing()
    {
        using ServiceManagerKeeper agent = First();
        agent.Keep(_kernel.Device, State);
        agent.Release();
        Assert.Empty(_manager.Stored);
    }

    private ServiceManagerKeeper First() => ServiceManagerKeeper.Find(_manager.First)!;

    private ServiceManagerKeeper Next()
    {
        (Func<string, string?> environment, int first) = _manager.Next();
        return ServiceManagerKeeper.Find(environment, first)!;
    }
}
