using System.Globalization;
using System.Net;
using System.Text;
using OsCircular.Blocks;

namespace OsCircular.Peers.Access;

/// <summary>The texts that are signed, each line ended by a line feed. Pinned by golden values: both sides must write the same.</summary>
internal static class ProofText
{
    /// <param name="listener">The listener's address and port on this connection.</param>
    public static byte[] OfRequest(in ProofContext context, IPEndPoint listener, in PeerRequest request) => Encoding.UTF8.GetBytes(string.Create(
        CultureInfo.InvariantCulture,
        $"oscircular peer request 1\n{context.Connection}\n{EndpointText.Of(listener)}\n{context.Counter}\n{request.Method}\n{request.Target}\n{context.Asker}\n{request.Peer}\n{request.Hello}\n{request.Fetch}\n{request.Length}\n{request.Class}\n"));

    /// <param name="hello">The value of the answer's <c>Oscircular-Hello</c>.</param>
    public static byte[] OfAnswer(in ProofContext context, string target, string hello, ReadOnlySpan<byte> body) => Encoding.UTF8.GetBytes(string.Create(
        CultureInfo.InvariantCulture,
        $"oscircular peer answer 1\n{context.Asker}\n{context.Connection}\n{context.Counter}\n{target}\n{hello}\n{Digest.Of(body)}\n"));
}
