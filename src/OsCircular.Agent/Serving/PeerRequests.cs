using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using OsCircular.Peers;

namespace OsCircular.Agent.Serving;

/// <summary>The way of a peer's request, step by step; each either lets it pass or has answered it.</summary>
internal sealed class PeerRequests
{
    // A ban lasts minutes; who is told so need not ask every second.
    private static readonly TimeSpan BanRetry = TimeSpan.FromSeconds(60);

    private readonly PeerMembership _membership;
    private readonly IPeerDesk _desk;
    private readonly PeerFiles _files;
    private readonly PeerGreetings _greetings;
    private readonly PeerServerCounters _counters;
    private readonly ILogger _logger;

    public PeerRequests(PeerMembership membership, IPeerDesk desk, PeerFiles files, PeerGreetings greetings, PeerServerCounters counters, ILogger logger)
    {
        _membership = membership;
        _desk = desk;
        _files = files;
        _greetings = greetings;
        _counters = counters;
        _logger = logger;
    }

    /// <summary>Answers, whatever happens; what fails is told and counted.</summary>
    public async Task AnswerAsync(HttpContext context)
    {
        var exchange = new PeerExchange(context, context.Features.GetRequiredFeature<PeerConnection>());
        try
        {
            await AnswerAsync(exchange);
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            exchange.Broke = true;
        }
        catch (Exception e)
        {
            if (e is IOException or UnauthorizedAccessException) _logger.FileUnreadable(exchange.Request.Target, e.Message);
            else _logger.PeerRequestFailed(e, exchange.Request.Target);
            exchange.Fail();
        }

        if (exchange.Refusal is { } why) _counters.Refused(why);
        _counters.Answered(Outcome(exchange));
    }

    private async Task AnswerAsync(PeerExchange exchange)
    {
        if (!IsMethod(exchange) || !IsPath(exchange, out AskedPath path) || !_membership.Admits(exchange) || !IsServed(exchange)) return;
        exchange.Context.Response.Headers.XContentTypeOptions = "nosniff";
        await (path.Kind == AskedKind.File ? _files.AnswerAsync(exchange, path.File) : _greetings.AnswerAsync(exchange, path));
    }

    private static bool IsMethod(PeerExchange exchange)
    {
        if (exchange.IsGet || HttpMethods.IsHead(exchange.Request.Method)) return true;
        exchange.Refuse(StatusCodes.Status405MethodNotAllowed, PeerRefusal.Method);
        exchange.Context.Response.Headers.Allow = "GET, HEAD";
        return false;
    }

    private static bool IsPath(PeerExchange exchange, out AskedPath path)
    {
        if (AskedPath.TryParse(exchange.Request.Target, out path)) return true;
        exchange.Refuse(StatusCodes.Status404NotFound, PeerRefusal.Path);
        return false;
    }

    private bool IsServed(PeerExchange exchange)
    {
        if (_desk.Serves(exchange.Asker.Peer, exchange.Asker.Address)) return true;
        exchange.Refuse(StatusCodes.Status503ServiceUnavailable, PeerRefusal.Banned, BanRetry);
        return false;
    }

    private static PeerAnswer Outcome(PeerExchange exchange)
    {
        if (exchange.Broke) return PeerAnswer.Failed;
        if (exchange.Refusal is not null) return PeerAnswer.Refused;
        return exchange.Context.Response.StatusCode switch
        {
            StatusCodes.Status202Accepted => PeerAnswer.Working,
            StatusCodes.Status304NotModified => PeerAnswer.Unchanged,
            StatusCodes.Status404NotFound or StatusCodes.Status416RangeNotSatisfiable => PeerAnswer.Missing,
            _ => PeerAnswer.Given,
        };
    }
}
