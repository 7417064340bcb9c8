using System.Net;
using Microsoft.AspNetCore.Http;
using OsCircular.Peers;
using OsCircular.Peers.Access;

namespace OsCircular.Agent.Serving;

/// <summary>Decides who is answered: with a group key, whoever proves that it knows it; without, whoever the address may belong to a member.</summary>
internal sealed class PeerMembership
{
    private readonly Func<IPAddress, bool> _mayBeMember;
    private readonly int _maxUnproven;

    public PeerMembership(Func<IPAddress, bool> mayBeMember, PeerServerOptions options)
    {
        _mayBeMember = mayBeMember;
        _maxUnproven = options.MaxUnproven;
    }

    /// <returns>Whether the request may be answered; else it has been refused.</returns>
    public bool Admits(PeerExchange exchange) => exchange.Connection.Gate is { } gate ? IsProven(exchange, gate) : IsNear(exchange);

    private bool IsNear(PeerExchange exchange)
    {
        if (_mayBeMember(exchange.Connection.Address)) return true;
        exchange.Refuse(StatusCodes.Status403Forbidden, PeerRefusal.Stranger);
        exchange.Context.Response.Headers.Connection = "close";
        return false;
    }

    private bool IsProven(PeerExchange exchange, ConnectionGate gate)
    {
        IHeaderDictionary headers = exchange.Context.Request.Headers;
        ProofVerdict verdict = gate.TryAccept(
            headers[PeerHeaders.Proof], headers[PeerHeaders.Nonce], exchange.Request, exchange.Connection.Local, out ProofContext proof);
        if (verdict == ProofVerdict.Accepted)
        {
            exchange.Connection.Unproven = 0;
            exchange.Proof = proof;
            return true;
        }

        exchange.Refuse(StatusCodes.Status401Unauthorized, PeerRefusal.Unproven);
        exchange.Context.Response.Headers.WWWAuthenticate = "Oscircular";
        exchange.Context.Response.Headers[PeerHeaders.Nonce] = gate.Nonce.ToString();

        // A member needs one 401 for a connection; who goes on guessing gets no answer at all.
        if (++exchange.Connection.Unproven >= _maxUnproven) exchange.Context.Abort();
        return false;
    }
}
