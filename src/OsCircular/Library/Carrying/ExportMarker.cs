using System.Diagnostics.CodeAnalysis;
using OsCircular.Indexes;

namespace OsCircular.Library.Carrying;

/// <summary>
/// The comment at the beginning of an export, by which it is known for one: <c>oscircular:1 debian@2 ubuntu@1</c>, the versions that it carries. It is not signed:
/// what it names is looked up in the signed manifest.
/// </summary>
internal static class ExportMarker
{
    public const int Format = 1;

    /// <summary>Versions in one export, so that the comment stays short.</summary>
    public const int MostVersions = 256;

    /// <summary>The attribute of the PAX global header that it stands in, as POSIX names it.</summary>
    public const string Attribute = "comment";

    private const string Magic = "oscircular:";

    public static string Write(IEnumerable<VersionReference> versions) => $"{Magic}{Format} {string.Join(' ', versions)}";

    /// <param name="text">What was found.</param>
    /// <param name="versions">At least one, at most <see cref="MostVersions"/>; each with its version's name.</param>
    /// <param name="fault">Why it is none, to follow the file's name.</param>
    public static bool TryParse(string? text, [NotNullWhen(true)] out VersionReference[]? versions, [NotNullWhen(false)] out string? fault)
    {
        versions = null;
        fault = "is no export: it does not begin as one does";
        if (text is null || !text.StartsWith(Magic, StringComparison.Ordinal)) return false;
        string[] words = text[Magic.Length..].Split(' ', MostVersions + 2);
        if (words[0] != $"{Format}")
        {
            fault = "is an export of a format that this program does not know: install a newer oscircular";
            return false;
        }

        var read = new VersionReference[words.Length - 1];
        if (read.Length is 0 or > MostVersions) return false;
        for (int i = 0; i < read.Length; i++)
        {
            if (!VersionReference.TryParse(words[i + 1], out read[i]) || read[i].Version is null) return false;
        }

        (versions, fault) = (read, null);
        return true;
    }
}
