using Microsoft.AspNetCore.Http;
using OsCircular.Peers;
using OsCircular.Peers.Access;

namespace OsCircular.Agent.Serving;

/// <summary>Answers <c>/peers</c> and <c>/summary</c>: whoever asks for them greets, and is told who we are.</summary>
internal sealed class PeerGreetings
{
    private const string AnotherGroup = "another group\n";

    private readonly PeerGroup _group;
    private readonly IPeerDesk _desk;
    private readonly PeerServerCounters _counters;

    public PeerGreetings(PeerGroup group, IPeerDesk desk, PeerServerCounters counters)
    {
        _group = group;
        _desk = desk;
        _counters = counters;
    }

    public async Task AnswerAsync(PeerExchange exchange, AskedPath path)
    {
        if (exchange.Hello is not { } hello || exchange.Asker.Peer != hello.Id)
        {
            exchange.Refuse(StatusCodes.Status400BadRequest, PeerRefusal.Malformed);
            return;
        }

        if (hello.Group != _group.Id)
        {
            exchange.Refuse(StatusCodes.Status403Forbidden, PeerRefusal.AnotherGroup);
            exchange.Context.Response.ContentType = "text/plain";
            exchange.Context.Response.ContentLength = AnotherGroup.Length;
            if (exchange.IsGet) await exchange.Context.Response.WriteAsync(AnotherGroup, exchange.Context.RequestAborted);
            return;
        }

        _desk.Heard(exchange.Connection.Address, hello);
        await TellAsync(exchange, path);
    }

    private async Task TellAsync(PeerExchange exchange, AskedPath path)
    {
        // The listener knows its port before the agent behind it is told.
        string own = (_desk.Hello with { Port = exchange.Connection.Local.Port }).ToString();
        byte[] body = path.Kind == AskedKind.Peers ? _desk.Peers() : _desk.Summary(path.Since);

        HttpResponse response = exchange.Context.Response;
        response.ContentType = path.Kind == AskedKind.Peers ? "application/json" : "application/octet-stream";
        response.ContentLength = body.Length;
        response.Headers.CacheControl = "no-store";
        response.Headers[PeerHeaders.Hello] = own;
        if (_group.Key is { } key) response.Headers[PeerHeaders.Proof] = AnswerProof.Make(key, exchange.Proof, exchange.Request.Target, own, body);
        if (!exchange.IsGet) return;
        exchange.Broke = (await response.BodyWriter.WriteAsync(body, exchange.Context.RequestAborted)).IsCompleted;
        if (!exchange.Broke) _counters.Sent(body.Length);
    }
}
