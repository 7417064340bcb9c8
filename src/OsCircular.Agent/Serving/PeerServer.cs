using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OsCircular.Blocks;

namespace OsCircular.Agent.Serving;

/// <summary>The listener that peers ask: HTTP/1.1 over Kestrel, a cache's repository paths, <c>/peers</c> and <c>/summary</c>, and nothing else.</summary>
public sealed class PeerServer : IAsyncDisposable
{
    private readonly PeerServerSetup _setup;
    private readonly TimeProvider _time;
    private readonly PeerServerCounters _counters = new();
    private readonly UploadGate _uploads;
    private readonly FetchLimit _fetches;
    private readonly KestrelServer _kestrel;

    private PeerServer(PeerServerSetup setup, IPEndPoint listen, TimeProvider time, ILoggerFactory loggers)
    {
        _setup = setup;
        _time = time;
        _uploads = new UploadGate(setup.Options, time);
        _fetches = new FetchLimit(setup.Options);
        var transport = new SocketTransportFactory(Options.Create(TransportOptions()), loggers);
        _kestrel = new KestrelServer(Options.Create(KestrelOptions(listen)), transport, loggers);
    }

    /// <summary>Where it listens: the actual one.</summary>
    public int Port { get; private set; }

    /// <summary>Starts to listen.</summary>
    /// <param name="setup">What is served, and to whom.</param>
    /// <param name="listen">Port 0 takes a free one; <c>[::]</c> means IPv4 too.</param>
    /// <param name="mayMove">Whether any free port will do where the wished one is taken.</param>
    /// <exception cref="UserError">The address cannot be had.</exception>
    public static async Task<PeerServer> StartAsync(
        PeerServerSetup setup, IPEndPoint listen, bool mayMove, TimeProvider time, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        ILogger logger = loggers.CreateLogger<PeerServer>();
        try
        {
            return await ListenAsync(setup, listen, time, loggers, logger, cancellationToken);
        }
        catch (IOException e) when (e.InnerException is AddressInUseException && mayMove)
        {
            PeerServer server = await ListenOrTellAsync(setup, new IPEndPoint(listen.Address, 0), time, loggers, logger, cancellationToken);
            logger.PeerPortTaken(listen.Port, server.Port);
            return server;
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            throw CannotListen(listen, e);
        }
    }

    /// <summary>Bytes a second that may be sent at this hour; null: no limit.</summary>
    public long? UploadRate => _uploads.RateNow;

    /// <summary>One look at what it did and does.</summary>
    public PeerServerStatus Status() => new(
        _counters.Connections,
        _uploads.Running,
        _fetches.Running,
        _counters.BytesOut,
        Enum.GetValues<PeerAnswer>().ToDictionary(answer => answer, answer => _counters[answer]),
        Enum.GetValues<PeerRefusal>().ToDictionary(refusal => refusal, refusal => _counters[refusal]));

    /// <summary>Takes no new connection, and lets answers under way end within the time the options give.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(_setup.Options.StopTimeout, _time);
        await using CancellationTokenRegistration link = cancellationToken.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), limit);
        await _kestrel.StopAsync(limit.Token);
    }

    /// <summary>Stops, cutting what is under way.</summary>
    public async ValueTask DisposeAsync()
    {
        await _kestrel.StopAsync(new CancellationToken(canceled: true));
        _kestrel.Dispose();
    }

    private static async Task<PeerServer> ListenOrTellAsync(
        PeerServerSetup setup, IPEndPoint listen, TimeProvider time, ILoggerFactory loggers, ILogger logger, CancellationToken cancellationToken)
    {
        try
        {
            return await ListenAsync(setup, listen, time, loggers, logger, cancellationToken);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            throw CannotListen(listen, e);
        }
    }

    private static async Task<PeerServer> ListenAsync(
        PeerServerSetup setup, IPEndPoint listen, TimeProvider time, ILoggerFactory loggers, ILogger logger, CancellationToken cancellationToken)
    {
        var server = new PeerServer(setup, listen, time, loggers);
        try
        {
            await server._kestrel.StartAsync(new PeerApplication(server.Requests(logger)), cancellationToken);
        }
        catch
        {
            server._kestrel.Dispose();
            throw;
        }

        server.Port = new Uri(server._kestrel.Features.Get<IServerAddressesFeature>()!.Addresses.First()).Port;
        return server;
    }

    private static UserError CannotListen(IPEndPoint listen, Exception e) =>
        new($"Peers cannot be listened to on {listen}: {(e.InnerException ?? e).Message}. Choose another address or port with --listen.", e);

    private PeerRequests Requests(ILogger logger)
    {
        var home = new PeerHome(_setup.Desk, _fetches, _uploads, _counters);
        return new PeerRequests(
            new PeerMembership(_setup.MayBeMember, _setup.Options),
            _setup.Desk,
            new PeerFiles(_setup.Folder, _setup.MayRead ?? (() => true), _setup.Desk, home, _uploads, _counters),
            new PeerGreetings(_setup.Group, _setup.Desk, _counters),
            _counters,
            logger);
    }

    // Measured: an answer goes out on the thread that read its request, and is not handed to another two times on the way; and a read of nothing, only to
    // learn that there is something, costs more than 4 KiB for each idle connection.
    private static SocketTransportOptions TransportOptions() => new() { UnsafePreferInlineScheduling = true, WaitForDataBeforeAllocatingBuffer = false };

    private KestrelServerOptions KestrelOptions(IPEndPoint listen)
    {
        PeerServerOptions options = _setup.Options;
        var kestrel = new KestrelServerOptions { AddServerHeader = false };
        kestrel.Limits.MaxConcurrentConnections = options.MaxConnections;
        kestrel.Limits.MaxRequestBodySize = 0;
        kestrel.Limits.MaxRequestLineSize = 512;
        kestrel.Limits.MaxRequestHeadersTotalSize = 4 * 1024;
        kestrel.Limits.MaxRequestHeaderCount = 32;
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(5);
        kestrel.Limits.KeepAliveTimeout = TimeSpan.FromMinutes(2);
        kestrel.Limits.MinResponseDataRate = options.MinClientRate == 0 ? null : new MinDataRate(options.MinClientRate, options.SlowStart);
        kestrel.Listen(listen, endpoint =>
        {
            endpoint.Protocols = HttpProtocols.Http1;
            endpoint.Use(next => connection => ServeAsync(connection, next));
        });
        return kestrel;
    }

    private async Task ServeAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        connection.Features.Set(new PeerConnection(connection, _setup.Group.Key));
        _counters.Opened();
        try
        {
            await next(connection);
        }
        finally
        {
            _counters.Closed();
        }
    }
}
