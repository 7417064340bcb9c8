using System.Globalization;
using System.Net;

namespace OsCircular.Peers.Access;

/// <summary>The listener's side of one connection: draws its nonce and lets every counter pass once. Thread-safe.</summary>
public sealed class ConnectionGate
{
    private readonly GroupKey _key;

    // The highest counter of a proof that was accepted.
    private long _highest;

    public ConnectionGate(GroupKey key)
        : this(key, PeerNonce.Draw())
    {
    }

    /// <param name="nonce">Never used for another connection.</param>
    public ConnectionGate(GroupKey key, PeerNonce nonce)
    {
        _key = key;
        Nonce = nonce;
    }

    /// <summary>What a 401 tells the asker in <c>Oscircular-Nonce</c>.</summary>
    public PeerNonce Nonce { get; }

    /// <param name="proof">The value of <c>Oscircular-Proof</c>; null where absent.</param>
    /// <param name="askerNonce">The value of <c>Oscircular-Nonce</c>; null where absent.</param>
    /// <param name="request">What the proof must cover.</param>
    /// <param name="listener">The connection's own end: an asker that was led elsewhere has signed another one.</param>
    /// <param name="context">Where it is accepted: for the answer's proof.</param>
    public ProofVerdict TryAccept(string? proof, string? askerNonce, in PeerRequest request, IPEndPoint listener, out ProofContext context)
    {
        context = default;
        if (proof is null) return ProofVerdict.Absent;
        int colon = proof.IndexOf(':');
        if (colon < 0 || !TryCounter(proof.AsSpan(0, colon), out long counter)) return ProofVerdict.Malformed;
        if (!PeerNonce.TryParse(askerNonce, out PeerNonce asker) || !request.IsOneLineEach) return ProofVerdict.Malformed;

        var claimed = new ProofContext(asker, Nonce, counter);
        if (!_key.Verify(ProofText.OfRequest(claimed, listener, request), proof.AsSpan(colon + 1))) return ProofVerdict.Wrong;
        if (!Raise(counter)) return ProofVerdict.Used;
        context = claimed;
        return ProofVerdict.Accepted;
    }

    // One spelling for a number: no sign, no space, no leading zero.
    private static bool TryCounter(ReadOnlySpan<char> text, out long counter)
    {
        counter = 0;
        return text.Length > 0 && text[0] != '0'
            && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out counter) && counter <= ProofContext.MaxCounter;
    }

    private bool Raise(long counter)
    {
        for (long seen = Volatile.Read(ref _highest); counter > seen; seen = Volatile.Read(ref _highest))
        {
            if (Interlocked.CompareExchange(ref _highest, counter, seen) == seen) return true;
        }

        return false;
    }
}
