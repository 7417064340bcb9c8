using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using OsCircular.Agent.Serving;
using OsCircular.Blocks;
using OsCircular.Peers.Access;
using OsCircular.TestKit;
using OsCircular.TestKit.Mirrors;
using OsCircular.TestKit.Peers;
using static OsCircular.Tests.Agent.Serving.PeerServerRig;

namespace OsCircular.Tests.Agent.Serving;

public sealed class PeerServerStartTests : IAsyncLifetime
{
    private PeerServerRig _rig = null!;

    public async ValueTask InitializeAsync() => _rig = await StartAsync();

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    [Fact]
    public async Task Start_PortTakenAndMayMove_TakesAnother()
    {
        await using PeerServer second = await StartOnAsync(new IPEndPoint(IPAddress.Loopback, _rig.Server.Port), mayMove: true);
        Assert.NotEqual(_rig.Server.Port, second.Port);
        using RawConnection connection = await RawConnection.OpenAsync(IPAddress.Loopback, second.Port);
        Assert.Equal(200, (await connection.AskAsync("GET", HeldPath)).Status);
    }

    [Fact]
    public async Task Start_PortTakenAndMayNotMove_IsAUserErrorThatNamesIt()
    {
        UserError error = await Assert.ThrowsAsync<UserError>(() => StartOnAsync(new IPEndPoint(IPAddress.Loopback, _rig.Server.Port), mayMove: false));
        Assert.Contains($"127.0.0.1:{_rig.Server.Port}", error.Message);
        Assert.Contains("in use", error.Message);
    }

    [Fact]
    public async Task Start_AddressOfAnotherHost_IsAUserError() =>
        await Assert.ThrowsAsync<UserError>(() => StartOnAsync(new IPEndPoint(IPAddress.Parse("192.0.2.1"), 0), mayMove: true));

    [Fact]
    public async Task Start_EveryAddress_IsIpv4Too()
    {
        await using PeerServer server = await StartOnAsync(new IPEndPoint(IPAddress.IPv6Any, 0), mayMove: false);
        foreach (IPAddress address in (IPAddress[])[IPAddress.Loopback, IPAddress.IPv6Loopback])
        {
            using RawConnection connection = await RawConnection.OpenAsync(address, server.Port);
            Assert.Equal(200, (await connection.AskAsync("GET", HeldPath)).Status);
        }
    }

    [Fact]
    public async Task Stop_Running_LetsGoOfThePort()
    {
        int port = _rig.Server.Port;
        await _rig.GetAsync(HeldPath);
        await _rig.Server.StopAsync(default);
        await Assert.ThrowsAsync<SocketException>(() => RawConnection.OpenAsync(IPAddress.Loopback, port));
    }

    [Fact]
    public async Task Stop_AnswerNeverTaken_EndsAllTheSame()
    {
        var asked = new TaskCompletionSource();
        _rig.Desk.FetchBlock = async (_, _, token) =>
        {
            asked.SetResult();
            await Task.Delay(Timeout.Infinite, token);
            return default;
        };
        Task<RawAnswer> fetch = _rig.FetchAsync();
        await asked.Task.WaitAsync(TimeSpan.FromSeconds(20));
        await _rig.Server.StopAsync(default).WaitAsync(TimeSpan.FromSeconds(20));
        await Assert.ThrowsAsync<IOException>(() => fetch);
    }

    [Fact]
    public async Task Publish_Meters_TellWhatTheStatusTells()
    {
        using var meters = new TestMeters();
        _rig.Server.Publish(meters);
        await _rig.GetAsync(HeldPath);
        await Eventually.IsSoAsync(() => _rig.Server.Status().Answers[PeerAnswer.Given] == 1);
        var seen = new Dictionary<string, long>();
        using var listener = new MeterListener { InstrumentPublished = (instrument, l) => { if (instrument.Name.StartsWith("oscircular.peer_server.", StringComparison.Ordinal)) l.EnableMeasurementEvents(instrument); } };
        listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => seen[instrument.Name] = seen.GetValueOrDefault(instrument.Name) + value);
        listener.Start();
        listener.RecordObservableInstruments();
        Assert.Equal((90_000, 1, 0), (seen["oscircular.peer_server.bytes"], seen["oscircular.peer_server.requests"], seen["oscircular.peer_server.refusals"]));
    }

    private Task<PeerServer> StartOnAsync(IPEndPoint listen, bool mayMove) => PeerServer.StartAsync(
        new PeerServerSetup(_rig.Folder.Path, new PeerGroup("lab"), _ => true, _rig.Desk, new PeerServerOptions()),
        listen, mayMove, TimeProvider.System, NullLoggerFactory.Instance, default);
}
