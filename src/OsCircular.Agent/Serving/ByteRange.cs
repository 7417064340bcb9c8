using Microsoft.Net.Http.Headers;

namespace OsCircular.Agent.Serving;

/// <summary>The part of a file that a request asks for (RFC 9110, section 14).</summary>
/// <param name="Offset">First byte.</param>
/// <param name="Length">Bytes from there.</param>
/// <param name="IsPartial">Whether it is to be answered with 206.</param>
internal readonly record struct ByteRange(long Offset, long Length, bool IsPartial)
{
    public static ByteRange Whole(long fileLength) => new(0, fileLength, false);

    /// <summary>Reads a Range header. Several ranges, other units and nonsense are answered with the whole file, as the RFC allows.</summary>
    /// <returns>Null where the range lies outside of the file: 416.</returns>
    public static ByteRange? Of(string? header, long fileLength)
    {
        if (header is null || !RangeHeaderValue.TryParse(header, out RangeHeaderValue? value) || value.Unit != "bytes" || value.Ranges.Count != 1) return Whole(fileLength);
        RangeItemHeaderValue range = value.Ranges.First();
        if (range.From is not { } from)
        {
            long last = Math.Min(range.To ?? 0, fileLength);
            return last == 0 ? null : new ByteRange(fileLength - last, last, true);
        }

        if (from >= fileLength) return null;
        long to = Math.Min(range.To ?? fileLength - 1, fileLength - 1);
        return new ByteRange(from, to - from + 1, true);
    }
}
