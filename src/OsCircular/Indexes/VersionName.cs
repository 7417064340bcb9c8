using System.Diagnostics.CodeAnalysis;
using OsCircular.Blocks;

namespace OsCircular.Indexes;

/// <summary>The name of one version of an image, such as <c>1</c> or <c>2026-11.1</c>. Used once, it is never used again.</summary>
public readonly record struct VersionName
{
    private readonly string? _text;

    private VersionName(string text) => _text = text;

    public static bool TryParse([NotNullWhen(true)] string? text, out VersionName name)
    {
        bool good = NameRules.IsValid(text);
        name = good ? new VersionName(text!) : default;
        return good;
    }

    /// <exception cref="UserError">It breaks the rules for names.</exception>
    public static VersionName Parse(string text) =>
        TryParse(text, out VersionName name) ? name : throw new UserError($"Version name \"{text}\" is not allowed: {NameRules.Advice}.", UserError.WrongUsage);

    public override string ToString() => _text ?? "";
}
