using Microsoft.AspNetCore.Http;
using OsCircular.Blocks;
using OsCircular.Peers;
using OsCircular.Sources;

namespace OsCircular.Agent.Serving;

/// <summary>Answers a repository's paths: with the file where it is held, else as a home where that is asked for.</summary>
internal sealed class PeerFiles
{
    private readonly string _folder;
    private readonly Func<bool> _mayRead;
    private readonly IPeerDesk _desk;
    private readonly PeerHome _home;
    private readonly UploadGate _uploads;
    private readonly PeerServerCounters _counters;

    public PeerFiles(string folder, Func<bool> mayRead, IPeerDesk desk, PeerHome home, UploadGate uploads, PeerServerCounters counters)
    {
        _folder = folder;
        _mayRead = mayRead;
        _desk = desk;
        _home = home;
        _uploads = uploads;
        _counters = counters;
    }

    public async Task AnswerAsync(PeerExchange exchange, ServedPath path)
    {
        if (!exchange.TryClass(out FetchClass fetchClass))
        {
            exchange.Refuse(StatusCodes.Status400BadRequest, PeerRefusal.Malformed);
            return;
        }

        if (path.Block is { } name && WantsCheck(exchange.Context.Request) && !IsGood(exchange, name, fetchClass)) return;
        using ServedFile? file = _mayRead() ? ServedFile.Open(_folder, path) : null;
        if (file is not null) await SendAsync(exchange, file, fetchClass);
        else if (exchange.IsGet && exchange.Request.Fetch.Length > 0) await _home.AnswerAsync(exchange, path, fetchClass);
        else exchange.Status(StatusCodes.Status404NotFound);
    }

    private static bool WantsCheck(HttpRequest request) =>
        request.Headers.CacheControl.Count > 0 && request.Headers.CacheControl.ToString().Contains("no-cache", StringComparison.OrdinalIgnoreCase);

    // Costs a read and a hash, so it needs a place as sending does.
    private bool IsGood(PeerExchange exchange, BlockName name, FetchClass fetchClass)
    {
        using UploadPlace place = _uploads.Enter(fetchClass);
        if (!place.IsGiven) exchange.RefuseForNow(PeerRefusal.UploadsFull);
        else if (!_desk.Check(name)) exchange.Status(StatusCodes.Status404NotFound);
        else return true;
        return false;
    }

    private async Task SendAsync(PeerExchange exchange, ServedFile file, FetchClass fetchClass)
    {
        if (file.Prepare(exchange.Context) is not { } range) return;
        using UploadPlace place = _uploads.Enter(fetchClass);
        if (!place.IsGiven)
        {
            exchange.RefuseForNow(PeerRefusal.UploadsFull);
            return;
        }

        if (!await _uploads.TakeAsync(range.Length, fetchClass, exchange.Context.RequestAborted))
        {
            exchange.RefuseForNow(PeerRefusal.RateUsed);
            return;
        }

        exchange.Broke = !await file.SendAsync(range, exchange.Context);
        if (exchange.Broke) return;
        _counters.Sent(range.Length);
        _desk.Sent(exchange.Asker.Peer, exchange.Asker.Address, range.Length);
    }
}
