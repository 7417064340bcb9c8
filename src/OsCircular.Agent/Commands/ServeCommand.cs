using System.CommandLine;
using System.Net;
using Microsoft.Extensions.Logging;
using OsCircular.Agent.Output;
using OsCircular.Agent.Serving;

namespace OsCircular.Agent.Commands;

/// <summary><c>serve</c>: an embedded mirror, until it is told to stop.</summary>
internal static class ServeCommand
{
    public static Command Create()
    {
        Argument<string> directory = new("DIR") { Description = "A repository, or a cache." };
        Option<string> listen = new("--listen") { Description = "Where to listen.", HelpName = "ADDR:PORT", DefaultValueFactory = _ => "[::]:8080" };
        Command command = new("serve", "Serve a repository over HTTP.") { directory, listen };
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed.GetRequiredValue(directory), ListenAddress.Parse(parsed.GetRequiredValue(listen)), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(string directory, IPEndPoint address, CancellationToken cancellationToken)
    {
        using AgentLogging logging = new(LogLevel.Warning);
        await using MirrorServer server = await MirrorServer.StartAsync(directory, address, new MirrorServerOptions(), logging.Factory, cancellationToken);
        Console.Out.WriteLine($"serving {directory} at {server.Url}");
        await Console.Out.FlushAsync(cancellationToken);
        TaskCompletionSource stopped = new();
        await using CancellationTokenRegistration stop = cancellationToken.Register(stopped.SetResult);
        await stopped.Task;
        return 0;
    }
}
