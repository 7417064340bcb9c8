using System.Buffers;

namespace OsCircular.Indexes;

/// <summary>What images and versions may be called: <c>[a-z0-9][a-z0-9._-]{0,63}</c>, and never <c>latest</c>. So a name is a safe file name everywhere.</summary>
internal static class NameRules
{
    public const int MaxLength = 64;
    public const string Latest = "latest";
    public const string Advice = "use 1 to 64 of a-z, 0-9, '.', '_' and '-', a letter or digit first, and not \"latest\", which is reserved";

    private static readonly SearchValues<char> Allowed = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789._-");

    public static bool IsValid(ReadOnlySpan<char> name) =>
        name.Length is > 0 and <= MaxLength
        && !name.ContainsAnyExcept(Allowed)
        && char.IsAsciiLetterOrDigit(name[0])
        && !name.SequenceEqual(Latest);
}
