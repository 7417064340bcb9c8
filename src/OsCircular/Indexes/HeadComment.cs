using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using OsCircular.Blocks;

namespace OsCircular.Indexes;

/// <summary>
/// What a head's trusted comment says: <c>oscircular:1 repository:ID sequence:N sha256:HEX [expires:YYYY-MM-DD] [keys:LINK,...] [revoked:KEY,...]</c>, single spaces between.
/// </summary>
/// <param name="Repository">The repository's ID.</param>
/// <param name="Sequence">1 to <see cref="MaxSequence"/>; rises with each head.</param>
/// <param name="Manifest">SHA-256 of the manifest.</param>
/// <param name="Expires">The last day, in UTC, on which the head may be adopted; null: for ever.</param>
public sealed record HeadComment(RepositoryId Repository, long Sequence, Digest Manifest, DateOnly? Expires)
{
    public const int Format = 1;

    /// <summary>18 digits: one more always fits.</summary>
    public const long MaxSequence = 999_999_999_999_999_999;

    /// <summary>What it says of the repository's keys.</summary>
    public HeadKeys Keys { get; init; } = HeadKeys.None;

    private const string Magic = "oscircular:";
    private const string DateFormat = "yyyy-MM-dd";

    /// <remarks>Fields come in any order, each once; ones that we do not know are passed over, so that a later program may add some within format 1.</remarks>
    public static bool TryParse(string text, [NotNullWhen(true)] out HeadComment? comment, [NotNullWhen(false)] out HeadRefusal? refusal)
    {
        comment = null;
        refusal = new HeadRefusal(HeadRefusalReason.Malformed, $"is signed, but says no \"{Magic}{Format} repository:... sequence:... sha256:...\"");
        string[] words = text.Split(' ');
        if (!words[0].StartsWith(Magic, StringComparison.Ordinal) || !TryParseNumber(words[0][Magic.Length..], out long format)) return false;
        if (format > Format)
        {
            refusal = new HeadRefusal(HeadRefusalReason.Newer, $"is of format {format}, newer than this program's {Format}: install a newer oscircular");
            return false;
        }

        Dictionary<string, string> fields = [];
        foreach (string word in words.AsSpan(1))
        {
            int colon = word.IndexOf(':', StringComparison.Ordinal);
            if (colon <= 0 || !fields.TryAdd(word[..colon], word[(colon + 1)..])) return false;
        }

        DateOnly day = default;
        if (!RepositoryId.TryParse(fields.GetValueOrDefault("repository"), out RepositoryId repository)) return false;
        if (!TryParseNumber(fields.GetValueOrDefault("sequence", ""), out long sequence)) return false;
        if (!Digest.TryParse(fields.GetValueOrDefault("sha256"), out Digest manifest)) return false;
        bool hasExpiry = fields.TryGetValue("expires", out string? expires);
        if (hasExpiry && !DateOnly.TryParseExact(expires, DateFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out day)) return false;
        if (!HeadKeys.TryParse(fields.GetValueOrDefault("keys"), fields.GetValueOrDefault("revoked"), out HeadKeys? keys)) return false;
        comment = new HeadComment(repository, sequence, manifest, hasExpiry ? day : null) { Keys = keys };
        refusal = null;
        return true;
    }

    /// <summary>1 to <see cref="MaxSequence"/>, in its one spelling.</summary>
    private static bool TryParseNumber(string text, out long number) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number is >= 1 and <= MaxSequence && text[0] != '0';

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Magic}{Format} repository:{Repository} sequence:{Sequence} sha256:{Manifest}")
        + (Expires is { } day ? $" expires:{day.ToString(DateFormat, CultureInfo.InvariantCulture)}" : "")
        + Keys;
}
