using System.Buffers;

namespace OsCircular.Blocks;

/// <summary>Digests in text have one spelling: lower-case hex of the full length.</summary>
internal static class LowerHex
{
    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789abcdef");

    /// <returns>Whether <paramref name="text"/> is exactly <c>2 × destination.Length</c> lower-case hex digits; then they are decoded.</returns>
    public static bool TryParse(ReadOnlySpan<char> text, Span<byte> destination) =>
        text.Length == 2 * destination.Length
        && !text.ContainsAnyExcept(Digits)
        && Convert.FromHexString(text, destination, out _, out _) == OperationStatus.Done;
}
