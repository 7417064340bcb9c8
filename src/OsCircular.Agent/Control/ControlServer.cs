using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OsCircular.Agent.Hosting;
using OsCircular.Agent.Output;
using OsCircular.Library.Filling;
using OsCircular.Library.Pins;

namespace OsCircular.Agent.Control;

/// <summary>Answers questions about the running agent, and takes its orders, on a Unix socket that only its owner can reach: the folder it lies in is 0700.</summary>
internal sealed class ControlServer : IAsyncDisposable
{
    private readonly WebApplication _server;

    private ControlServer(WebApplication server) => _server = server;

    /// <param name="socket">Path of the socket; one that a dead agent left is replaced.</param>
    /// <param name="status">Asked anew for each request.</param>
    /// <param name="peers">The same, for its peers.</param>
    /// <param name="filler">Told what to take in.</param>
    /// <param name="pins">Told what is to stay.</param>
    /// <param name="profiles">Told what to record.</param>
    /// <param name="repair">Told what to look at again.</param>
    /// <param name="import">Told what was carried here.</param>
    /// <param name="logs">Where Kestrel reports its own failures.</param>
    /// <param name="cancellationToken">Gives the start up.</param>
    public static async Task<ControlServer> StartAsync(
        string socket, Func<StatusReport> status, Func<PeersReport> peers, Filler filler, PinKeeper pins, ProfileRequests profiles, RepairRequests repair, ImportRequests import,
        ILoggerFactory logs, CancellationToken cancellationToken)
    {
        File.Delete(socket);
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton(logs);
        builder.Services.AddSingleton<IHostLifetime, OwnersLifetime>();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.ListenUnixSocket(socket);
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = 16;
            kestrel.Limits.MaxRequestBodySize = 0;
        });
        WebApplication server = builder.Build();
        server.MapGet(ControlClient.StatusPath, context => context.Response.WriteAsync(Json.Write(status()), context.RequestAborted));
        server.MapGet(ControlClient.PeersPath, context => context.Response.WriteAsync(Json.Write(peers()), context.RequestAborted));
        server.MapFilling(filler, pins);
        server.MapPins(pins);
        profiles.Map(server);
        repair.Map(server);
        import.Map(server);
        await server.StartAsync(cancellationToken);

        // The folder keeps others out already; this is for whoever moves the socket or opens the folder up.
        File.SetUnixFileMode(socket, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return new ControlServer(server);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
