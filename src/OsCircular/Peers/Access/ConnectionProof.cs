using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;

namespace OsCircular.Peers.Access;

/// <summary>The asker's side of one connection: remembers the listener's nonce and proves each request with the next counter. Thread-safe.</summary>
public sealed class ConnectionProof
{
    private readonly GroupKey _key;
    private readonly Lock _lock = new();

    // Guarded by _lock.
    private PeerNonce? _nonce;
    private long _counter;

    public ConnectionProof(GroupKey key) => _key = key;

    /// <summary>Takes the listener's nonce from a 401. One that is known already changes nothing: the counter goes on.</summary>
    /// <param name="nonce">The value of the answer's <c>Oscircular-Nonce</c>.</param>
    /// <returns>Whether a request may now be proven that could not before: asking again on the same connection is worth it.</returns>
    public bool Learn(string? nonce)
    {
        if (!PeerNonce.TryParse(nonce, out PeerNonce told)) return false;
        lock (_lock)
        {
            if (_nonce == told) return false;
            _nonce = told;
            _counter = 0;
            return true;
        }
    }

    /// <param name="request">What is about to be sent.</param>
    /// <param name="listener">The connection's other end.</param>
    /// <param name="proof">What to send with it, once.</param>
    /// <returns>False while the listener's nonce is not known: send it without, and learn from the 401.</returns>
    /// <exception cref="ArgumentException">A field has a line feed in it.</exception>
    public bool TryProve(in PeerRequest request, IPEndPoint listener, [NotNullWhen(true)] out RequestProof? proof) =>
        TryProve(request, listener, PeerNonce.Draw(), out proof);

    internal bool TryProve(in PeerRequest request, IPEndPoint listener, PeerNonce asker, [NotNullWhen(true)] out RequestProof? proof)
    {
        if (!request.IsOneLineEach) throw new ArgumentException("A field of a request has a line feed in it.", nameof(request));
        proof = null;
        ProofContext context;
        lock (_lock)
        {
            if (_nonce is not { } connection || _counter == ProofContext.MaxCounter) return false;
            context = new ProofContext(asker, connection, ++_counter);
        }

        string mac = _key.Sign(ProofText.OfRequest(context, listener, request));
        proof = new RequestProof(context, string.Create(CultureInfo.InvariantCulture, $"{context.Counter}:{mac}"));
        return true;
    }
}

/// <summary>What proves one request.</summary>
/// <param name="Context">Keep it: the answer's proof is checked against it.</param>
/// <param name="Proof">The value of <c>Oscircular-Proof</c>.</param>
public sealed record RequestProof(ProofContext Context, string Proof)
{
    /// <summary>The value of <c>Oscircular-Nonce</c>.</summary>
    public string Nonce => Context.Asker.ToString();
}
