using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using OsCircular.Peers;
using OsCircular.Peers.Access;
using OsCircular.Sources;

namespace OsCircular.Agent.Serving;

/// <summary>One request of a peer, and what has been found out about it on the way to its answer.</summary>
internal sealed class PeerExchange
{
    public PeerExchange(HttpContext context, PeerConnection connection)
    {
        Context = context;
        Connection = connection;
        IHeaderDictionary headers = context.Request.Headers;
        Request = new PeerRequest(
            context.Request.Method,
            context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget,
            headers[PeerHeaders.Peer].ToString(),
            headers[PeerHeaders.Hello].ToString(),
            headers[PeerHeaders.Fetch].ToString(),
            headers[PeerHeaders.Length].ToString(),
            headers[PeerHeaders.Class].ToString());
        Hello = PeerHello.TryParse(Request.Hello, out PeerHello? hello) ? hello : null;
        Asker = new Asker(PeerId.TryParse(Request.Peer, out PeerId peer) ? peer : Hello?.Id, connection.Address);
    }

    public HttpContext Context { get; }

    public PeerConnection Connection { get; }

    /// <summary>As it stands on the wire, a header that comes twice joined with a comma; empty where absent.</summary>
    public PeerRequest Request { get; }

    /// <summary>What the asker says of itself; null where it says nothing, or nothing that can be read.</summary>
    public PeerHello? Hello { get; }

    /// <summary>Who says to ask.</summary>
    public Asker Asker { get; }

    /// <summary>Set when the request was proven.</summary>
    public ProofContext Proof { get; set; }

    /// <summary>Why it was refused; null where it was not.</summary>
    public PeerRefusal? Refusal { get; private set; }

    /// <summary>Whether the asker went, or had to be let go, before the end of the answer.</summary>
    public bool Broke { get; set; }

    public bool IsGet => HttpMethods.IsGet(Request.Method);

    /// <summary>Answers with a status and no body.</summary>
    public void Status(int status) => Context.Response.StatusCode = status;

    /// <summary>Refuses: nothing that was prepared of another answer is left.</summary>
    public void Refuse(int status, PeerRefusal why, TimeSpan? retryAfter = null)
    {
        Context.Response.Clear();
        Refusal = why;
        Status(status);
        if (retryAfter is { } after) Context.Response.Headers.RetryAfter = ((int)after.TotalSeconds).ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>503: another peer may do it at once, this one perhaps in a second.</summary>
    public void RefuseForNow(PeerRefusal why) => Refuse(StatusCodes.Status503ServiceUnavailable, why, TimeSpan.FromSeconds(1));

    /// <summary>500, or, where the answer has begun, the connection's end.</summary>
    public void Fail()
    {
        Broke = true;
        if (Context.Response.HasStarted)
        {
            Context.Abort();
            return;
        }

        Context.Response.Clear();
        Status(StatusCodes.Status500InternalServerError);
    }

    /// <returns>False where the header is no class.</returns>
    public bool TryClass(out FetchClass fetchClass)
    {
        FetchClass? known = Request.Class switch
        {
            "" or "reader" => FetchClass.Reader,
            "profile" => FetchClass.Profile,
            "fill" => FetchClass.Fill,
            _ => null,
        };
        fetchClass = known.GetValueOrDefault();
        return known is not null;
    }
}
