using System.Net;
using OsCircular.Peers.Access;

namespace OsCircular.Tests.Peers.Access;

/// <summary>The values that the golden proofs are made of.</summary>
internal static class ProofSamples
{
    public static readonly GroupKey Key = GroupKey.Of("correct horse battery staple"u8, "key");
    public static readonly PeerNonce Connection = Nonce("000102030405060708090a0b0c0d0e0f");
    public static readonly PeerNonce Asker = Nonce("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
    public static readonly IPEndPoint Listener = new(IPAddress.Parse("10.77.0.3"), 7117);
    public static readonly string Hello = $"1 id={new string('1', 40)} group={new string('2', 40)} port=7117 repository=0123456789abcdef sequence=7 fetches=1";

    public static readonly PeerRequest Request = new(
        "GET", "/blocks/ab/abcdef0123456789abcdef0123456789abcdef01", new string('1', 40), Fetch: "1", Length: "90000", Class: "profile");

    public static PeerNonce Nonce(string text) => PeerNonce.TryParse(text, out PeerNonce nonce) ? nonce : throw new ArgumentException(text);

    /// <summary>A proof of <see cref="Request"/> as an asker makes it.</summary>
    public static RequestProof Proof(PeerRequest request, long counter = 1, GroupKey? key = null, PeerNonce? connection = null, IPEndPoint? listener = null)
    {
        var context = new ProofContext(Asker, connection ?? Connection, counter);
        return new RequestProof(context, $"{counter}:{(key ?? Key).Sign(ProofText.OfRequest(context, listener ?? Listener, request))}");
    }

    public static ProofVerdict Accept(this ConnectionGate gate, RequestProof proof, PeerRequest request, IPEndPoint? listener = null) =>
        gate.TryAccept(proof.Proof, proof.Nonce, request, listener ?? Listener, out _);
}
