using System.Globalization;
using Microsoft.AspNetCore.Http;
using OsCircular.Blocks;
using OsCircular.Peers;
using OsCircular.Sources;

namespace OsCircular.Agent.Serving;

/// <summary>Answers for what is not held: this agent is asked to be the home, or whether it is fetching that already.</summary>
internal sealed class PeerHome
{
    // A document is read whole before it is sent; how long it is, is known only then. Most are index pages.
    private const int DocumentMemory = 64 * 1024;

    private readonly IPeerDesk _desk;
    private readonly FetchLimit _fetches;
    private readonly UploadGate _uploads;
    private readonly PeerServerCounters _counters;

    public PeerHome(IPeerDesk desk, FetchLimit fetches, UploadGate uploads, PeerServerCounters counters)
    {
        _desk = desk;
        _fetches = fetches;
        _uploads = uploads;
        _counters = counters;
    }

    public async Task AnswerAsync(PeerExchange exchange, ServedPath path, FetchClass fetchClass)
    {
        bool join = exchange.Request.Fetch == PeerHeaders.FetchJoin;
        if (!join && exchange.Request.Fetch != PeerHeaders.FetchAsHome) exchange.Refuse(StatusCodes.Status400BadRequest, PeerRefusal.Malformed);
        else if (path.Block is { } name) await FetchAsync(exchange, name, fetchClass, join);
        else if (path.Document is { } document && !join) await FetchAsync(exchange, document, fetchClass);

        // Heads are never fetched for others, and nobody waits for a document together.
        else exchange.Status(StatusCodes.Status404NotFound);
    }

    private async Task FetchAsync(PeerExchange exchange, BlockName name, FetchClass fetchClass, bool join)
    {
        if (!int.TryParse(exchange.Request.Length, NumberStyles.None, CultureInfo.InvariantCulture, out int length) || length is < 1 or > StoredBlock.MaxLength)
        {
            exchange.Refuse(StatusCodes.Status400BadRequest, PeerRefusal.Malformed);
            return;
        }

        using FetchPlace? place = _fetches.Enter(exchange.Asker, length);
        if (place is null)
        {
            exchange.RefuseForNow(PeerRefusal.FetchesFull);
            return;
        }

        byte[] buffer = BlockBuffers.Shared.Rent(length);
        HomeAnswer answer = await _desk.FetchAsync(name, length, fetchClass, join, buffer.AsMemory(0, length), exchange.Context.RequestAborted);
        await AnswerAsync(exchange, answer, fetchClass);

        // Not where anything failed: what may still be written to is left to the collector.
        BlockBuffers.Shared.Return(buffer);
    }

    private async Task FetchAsync(PeerExchange exchange, DocumentName name, FetchClass fetchClass)
    {
        using FetchPlace? place = _fetches.Enter(exchange.Asker, DocumentMemory);
        if (place is null) exchange.RefuseForNow(PeerRefusal.FetchesFull);
        else await AnswerAsync(exchange, await _desk.FetchAsync(name, exchange.Context.RequestAborted), fetchClass);
    }

    private async Task AnswerAsync(PeerExchange exchange, HomeAnswer answer, FetchClass fetchClass)
    {
        switch (answer.Kind)
        {
            case HomeAnswerKind.Given:
                await GiveAsync(exchange, answer.Bytes, fetchClass);
                break;
            case HomeAnswerKind.Working:
                exchange.Status(StatusCodes.Status202Accepted);
                long estimate = Math.Max(0, (long)Math.Ceiling(answer.Estimate.TotalMilliseconds));
                exchange.Context.Response.Headers[PeerHeaders.Estimate] = estimate.ToString(CultureInfo.InvariantCulture);
                break;
            case HomeAnswerKind.Missing:
                exchange.Status(StatusCodes.Status404NotFound);
                break;
            case HomeAnswerKind.Refused:
                exchange.RefuseForNow(PeerRefusal.NotHome);
                break;
            default:
                throw new InvalidOperationException($"No such answer of a home: {answer.Kind}.");
        }
    }

    private async Task GiveAsync(PeerExchange exchange, ReadOnlyMemory<byte> bytes, FetchClass fetchClass)
    {
        using UploadPlace place = _uploads.Enter(fetchClass);
        if (!place.IsGiven)
        {
            exchange.RefuseForNow(PeerRefusal.UploadsFull);
            return;
        }

        if (!await _uploads.TakeAsync(bytes.Length, fetchClass, exchange.Context.RequestAborted))
        {
            exchange.RefuseForNow(PeerRefusal.RateUsed);
            return;
        }

        exchange.Context.Response.ContentType = "application/octet-stream";
        exchange.Context.Response.ContentLength = bytes.Length;
        exchange.Broke = (await exchange.Context.Response.BodyWriter.WriteAsync(bytes, exchange.Context.RequestAborted)).IsCompleted;
        if (exchange.Broke) return;
        _counters.Sent(bytes.Length);
        _desk.Sent(exchange.Asker.Peer, exchange.Asker.Address, bytes.Length);
    }
}
