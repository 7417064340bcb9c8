using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OsCircular.Blocks;
using OsCircular.Sources;

namespace OsCircular.Agent.Serving;

/// <summary>The embedded mirror: a repository's files over HTTP/1.1 and nothing else that lies beside them.</summary>
public sealed class MirrorServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private MirrorServer(WebApplication app, Uri url)
    {
        _app = app;
        Url = url;
    }

    /// <summary>Where it listens, with the actual port.</summary>
    public Uri Url { get; }

    /// <summary>Starts to listen.</summary>
    /// <param name="folder">The repository.</param>
    /// <param name="listen">Port 0 takes a free one.</param>
    /// <param name="options">Validated.</param>
    /// <exception cref="UserError">There is no such folder, or the address cannot be had.</exception>
    public static async Task<MirrorServer> StartAsync(
        string folder, IPEndPoint listen, MirrorServerOptions options, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        string full = Path.GetFullPath(folder);
        if (!Directory.Exists(full)) throw new UserError($"{folder} is no folder. Publish into it first, or give the repository's path.");
        ILogger logger = loggers.CreateLogger<MirrorServer>();
        if (!File.Exists(Path.Combine(full, RepositoryPaths.Head))) logger.NoHeadYet(full);

        WebApplication app = Build(listen, options, loggers);
        app.Run(new RepositoryFiles(full, logger).AnswerAsync);
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            await app.DisposeAsync();
            throw new UserError($"Cannot listen on {listen}: {(e.InnerException ?? e).Message}. Choose another address or port with --listen.", e);
        }

        string address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return new MirrorServer(app, new Uri(address));
    }

    /// <summary>Takes no new connection, and lets answers under way end within the time the options give.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => _app.StopAsync(cancellationToken);

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static WebApplication Build(IPEndPoint listen, MirrorServerOptions options, ILoggerFactory loggers)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(loggers);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.StopTimeout);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = options.MaxConnections;
            kestrel.Limits.MaxRequestBodySize = 0;
            kestrel.Limits.MaxRequestLineSize = 2 * 1024;
            kestrel.Limits.MaxRequestHeadersTotalSize = 8 * 1024;
            kestrel.Limits.MaxRequestHeaderCount = 64;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
            kestrel.Limits.KeepAliveTimeout = TimeSpan.FromMinutes(2);
            kestrel.Limits.MinResponseDataRate = options.MinClientRate == 0 ? null : new MinDataRate(options.MinClientRate, TimeSpan.FromSeconds(10));
            kestrel.Listen(listen, endpoint => endpoint.Protocols = HttpProtocols.Http1);
        });
        return builder.Build();
    }
}
