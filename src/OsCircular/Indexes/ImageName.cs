using System.Diagnostics.CodeAnalysis;
using OsCircular.Blocks;

namespace OsCircular.Indexes;

/// <summary>The name of an image, such as <c>debian</c>; ordered by its characters' codes.</summary>
public readonly record struct ImageName : IComparable<ImageName>
{
    private readonly string? _text;

    private ImageName(string text) => _text = text;

    public static bool TryParse([NotNullWhen(true)] string? text, out ImageName name)
    {
        bool good = NameRules.IsValid(text);
        name = good ? new ImageName(text!) : default;
        return good;
    }

    /// <exception cref="UserError">It breaks the rules for names.</exception>
    public static ImageName Parse(string text) =>
        TryParse(text, out ImageName name) ? name : throw new UserError($"Image name \"{text}\" is not allowed: {NameRules.Advice}.", UserError.WrongUsage);

    public int CompareTo(ImageName other) => string.CompareOrdinal(_text, other._text);

    public override string ToString() => _text ?? "";
}
