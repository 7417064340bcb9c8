using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OsCircular.Agent.Output;
using OsCircular.Blocks;
using OsCircular.Indexes.Signing;
using OsCircular.Library.Carrying;

namespace OsCircular.Agent.Control;

/// <summary>
/// <c>POST /import?file=PATH[&amp;key=KEY][&amp;allowExpired=true]</c> on the control socket: imports a file that this agent can open. The answer comes bit by bit:
/// how far it is, in the end what came in, or why it cannot be. Who goes away stops it.
/// </summary>
internal sealed class ImportRequests(Importer importer, MinisignPublicKey key, TimeProvider time, CancellationToken ending)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    public void Map(IEndpointRouteBuilder server) => server.MapPost(ControlClient.ImportPath, RunAsync);

    private async Task RunAsync(HttpContext context)
    {
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, ending);
        LatestProgress latest = new();
        ImportAnswer last;
        try
        {
            last = new ImportAnswer(0, 0, await TellingAsync(context, ImportAsync(ImportOrder.Of(context.Request.Query), latest, stop.Token), latest, stop));
        }
        catch (UserError error)
        {
            last = new ImportAnswer(0, 0, Error: error.Message, ExitCode: error.ExitCode);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Nobody is there to be told, or the agent ends, which the asker sees.
            return;
        }

        await AnswerAsync(context, last);
    }

    // Says how far it is until it has ended; it has always ended when this returns, for what it uses may go then.
    private async Task<ImportResult> TellingAsync(HttpContext context, Task<ImportResult> import, LatestProgress latest, CancellationTokenSource stop)
    {
        try
        {
            while (!import.IsCompleted && !stop.IsCancellationRequested)
            {
                await Task.WhenAny(import, Task.Delay(Interval, time, stop.Token));
                if (!stop.IsCancellationRequested) await AnswerAsync(context, new ImportAnswer(latest.Now.Done, latest.Now.Total));
            }
        }
        finally
        {
            if (!import.IsCompleted) await stop.CancelAsync();
            await ((Task)import).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return await import;
    }

    private Task<ImportResult> ImportAsync(ImportOrder order, LatestProgress progress, CancellationToken cancellationToken)
    {
        if (order.Key is { } other && other != key.ToString()) throw new UserError($"the agent on this cache trusts key {key}, not the given {other}: check --public-key");
        return Task.Run(() => importer.ImportAsync(order.File, order.AllowExpired, progress, cancellationToken), cancellationToken);
    }

    private static async Task AnswerAsync(HttpContext context, ImportAnswer answer)
    {
        await context.Response.WriteAsync(Json.Write(answer), context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
    }

    /// <summary>What was last reported. One writer, one reader, and neither needs more than nearly the truth.</summary>
    private sealed class LatestProgress : IProgress<CarryProgress>
    {
        private long _done;
        private long _total = 1;

        public CarryProgress Now => new(Interlocked.Read(ref _done), Interlocked.Read(ref _total));

        public void Report(CarryProgress value)
        {
            Interlocked.Exchange(ref _done, value.Done);
            Interlocked.Exchange(ref _total, value.Total);
        }
    }
}

/// <summary>One import that an agent is asked for.</summary>
/// <param name="File">A whole path, which the agent must be able to open.</param>
/// <param name="Key">The publisher's, as text; null: the agent's own.</param>
/// <param name="AllowExpired">Whether a head past its expiry is adopted.</param>
internal sealed record ImportOrder(string File, string? Key, bool AllowExpired)
{
    public static ImportOrder Of(IQueryCollection query) => new($"{query["file"]}", query.TryGetValue("key", out var key) ? $"{key}" : null, query["allowExpired"] == "true");

    public string ToQuery() => $"?file={Uri.EscapeDataString(File)}{(Key is null ? "" : $"&key={Uri.EscapeDataString(Key)}")}{(AllowExpired ? "&allowExpired=true" : "")}";
}

/// <summary>How far an import is; in the last of them, what came in, or why nothing more did.</summary>
internal sealed record ImportAnswer(long Done, long Total, ImportResult? Result = null, string? Error = null, int ExitCode = 0);
