using System.Diagnostics.CodeAnalysis;
using OsCircular.Blocks;

namespace OsCircular.Indexes;

/// <summary><c>NAME[@VERSION]</c> as a user writes it; no version, or <c>@latest</c>, means the newest.</summary>
/// <param name="Image">The image.</param>
/// <param name="Version">Null: the newest.</param>
public readonly record struct VersionReference(ImageName Image, VersionName? Version)
{
    public static bool TryParse([NotNullWhen(true)] string? text, out VersionReference reference)
    {
        reference = default;
        if (text is null) return false;
        int at = text.IndexOf('@', StringComparison.Ordinal);
        if (!ImageName.TryParse(at < 0 ? text : text[..at], out ImageName image)) return false;
        if (at < 0 || text.AsSpan(at + 1).SequenceEqual(NameRules.Latest))
        {
            reference = new VersionReference(image, null);
            return true;
        }

        if (!VersionName.TryParse(text[(at + 1)..], out VersionName version)) return false;
        reference = new VersionReference(image, version);
        return true;
    }

    /// <exception cref="UserError">It is no NAME[@VERSION].</exception>
    public static VersionReference Parse(string text) =>
        TryParse(text, out VersionReference reference)
            ? reference
            : throw new UserError($"\"{text}\" names no version: write NAME or NAME@VERSION, with names of a-z, 0-9, '.', '_' and '-'.", UserError.WrongUsage);

    public override string ToString() => $"{Image}@{Version?.ToString() ?? NameRules.Latest}";
}
