using System.Text;

namespace OsCircular.Indexes.Signing;

/// <summary>minisign's files are lines: a comment nobody signed, then base64. Reading them strictly, for keys and signatures alike.</summary>
internal static class MinisignText
{
    public const string UntrustedComment = "untrusted comment: ";
    public const string TrustedComment = "trusted comment: ";

    /// <summary>minisign reads a comment line into a buffer of this many bytes.</summary>
    public const int MaxCommentLine = 1024;

    /// <summary>Keys and signatures are far shorter; nothing longer is looked at.</summary>
    public const int MaxFileLength = 8192;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <returns>The file's lines without their ends, or null where it is too long or no UTF-8.</returns>
    public static string[]? Lines(ReadOnlySpan<byte> file)
    {
        if (file.Length > MaxFileLength) return null;
        try
        {
            return [.. StrictUtf8.GetString(file).TrimEnd('\r', '\n').Split('\n').Select(line => line.TrimEnd('\r'))];
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    /// <summary>Decodes base64 (RFC 4648, padded, no white space) of exactly <c>destination.Length</c> bytes.</summary>
    public static bool TryDecode(ReadOnlySpan<char> base64, Span<byte> destination) =>
        base64.Length == (destination.Length + 2) / 3 * 4
        && Convert.TryFromBase64Chars(base64, destination, out int written)
        && written == destination.Length;
}
