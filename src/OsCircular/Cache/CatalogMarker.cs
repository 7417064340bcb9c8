using System.Text;
using OsCircular.Blocks;

namespace OsCircular.Cache;

/// <summary>
/// What we last wrote as the catalogue, in a durable file of its own. LiteDB neither syncs its log nor checks its pages, so a catalogue is
/// believed only where its bytes have this digest, and believed whole only where the agent ended in order after writing it.
/// </summary>
/// <param name="Clean">Whether nothing changed since.</param>
/// <param name="Database">SHA-256 of <c>catalog.db</c>.</param>
internal readonly record struct CatalogMarker(bool Clean, Digest Database)
{
    public const int MaxLength = 256;
    private const string Start = "oscircular-catalogue:1 ";

    public byte[] ToBytes() => Encoding.ASCII.GetBytes($"{Start}{(Clean ? "clean" : "open")} sha256:{Database}\n");

    public static bool TryParse(ReadOnlySpan<byte> bytes, out CatalogMarker marker)
    {
        marker = default;
        string text = Encoding.ASCII.GetString(bytes);
        if (!text.StartsWith(Start, StringComparison.Ordinal) || !text.EndsWith('\n')) return false;
        string[] words = text[Start.Length..^1].Split(' ');
        if (words is not [("clean" or "open") and string state, string digest] || !digest.StartsWith("sha256:", StringComparison.Ordinal)) return false;
        if (!Digest.TryParse(digest["sha256:".Length..], out Digest database)) return false;
        marker = new CatalogMarker(state == "clean", database);
        return true;
    }
}
