using System.Globalization;
using System.Text;
using OsCircular.Blocks;

namespace OsCircular.Cache.Repair;

/// <summary>How far a round of the scrub is: <c>agent/scrub.state</c>, so that a restart goes on where the last run was and no round begins before it is due.</summary>
/// <param name="Started">When the round began, to the second.</param>
/// <param name="At">The last block file looked at, in the order of names; null before the first.</param>
/// <param name="IsDone">Whether the round is over.</param>
/// <param name="Files">Looked at in this round.</param>
/// <param name="Bytes">Read in this round.</param>
/// <param name="Damaged">Found damaged in this round.</param>
internal sealed record ScrubPlace(DateTimeOffset Started, BlockName? At, bool IsDone, long Files, long Bytes, long Damaged)
{
    public const string FileName = "scrub.state";
    public const int MaxLength = 256;

    private const string Start = "oscircular-scrub:1 ";
    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss'Z'";

    public static ScrubPlace Begin(DateTimeOffset now) => new(new DateTimeOffset(now.Ticks - now.Ticks % TimeSpan.TicksPerSecond, now.Offset), null, false, 0, 0, 0);

    public byte[] ToBytes()
    {
        string at = IsDone ? "done" : At?.ToString() ?? "begun";
        string started = Started.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture);
        return Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Start}{started} {at} files:{Files} bytes:{Bytes} damaged:{Damaged}\n"));
    }

    public static bool TryParse(ReadOnlySpan<byte> bytes, out ScrubPlace? place)
    {
        place = null;
        string text = Encoding.ASCII.GetString(bytes);
        if (!text.StartsWith(Start, StringComparison.Ordinal) || !text.EndsWith('\n')) return false;
        if (text[Start.Length..^1].Split(' ') is not [var started, var at, var files, var size, var damaged]) return false;
        if (!DateTimeOffset.TryParseExact(started, TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset begun)) return false;
        BlockName name = default;
        if (at is not ("done" or "begun") && !BlockName.TryParse(at, out name)) return false;
        if (!TryNumber(files, "files:", out long count) || !TryNumber(size, "bytes:", out long read) || !TryNumber(damaged, "damaged:", out long bad)) return false;
        place = new ScrubPlace(begun, at is "done" or "begun" ? null : name, at == "done", count, read, bad);
        return true;
    }

    private static bool TryNumber(string word, string label, out long value)
    {
        value = 0;
        return word.StartsWith(label, StringComparison.Ordinal) && long.TryParse(word.AsSpan(label.Length), NumberStyles.None, CultureInfo.InvariantCulture, out value);
    }
}
