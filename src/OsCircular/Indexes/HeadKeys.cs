using System.Diagnostics.CodeAnalysis;
using OsCircular.Indexes.Signing;

namespace OsCircular.Indexes;

/// <summary>What a head says of its repository's keys: which vouch for which, and which are revoked. Stands in every head from the first that says it on.</summary>
/// <param name="Links">At most <see cref="Max"/>.</param>
/// <param name="Revoked">At most <see cref="Max"/>.</param>
public sealed record HeadKeys(IReadOnlyList<KeyLink> Links, IReadOnlyList<MinisignPublicKey> Revoked)
{
    /// <summary>So that a head stays well below its longest.</summary>
    public const int Max = 8;

    public static HeadKeys None { get; } = new([], []);

    /// <param name="links">The field's value; null where there is none.</param>
    /// <param name="revoked">The field's value; null where there is none.</param>
    /// <param name="keys">Well formed, not verified.</param>
    public static bool TryParse(string? links, string? revoked, [NotNullWhen(true)] out HeadKeys? keys)
    {
        keys = null;
        List<KeyLink> read = [];
        List<MinisignPublicKey> gone = [];
        foreach (string text in links?.Split(',') ?? [])
        {
            if (read.Count == Max || !KeyLink.TryParse(text, out KeyLink? link)) return false;
            read.Add(link);
        }

        foreach (string text in revoked?.Split(',') ?? [])
        {
            if (gone.Count == Max || !MinisignPublicKey.TryParse(text, out MinisignPublicKey? key)) return false;
            gone.Add(key);
        }

        keys = read.Count + gone.Count == 0 ? None : new HeadKeys(read, gone);
        return true;
    }

    /// <summary>The fields as a head's comment has them, each after a space; nothing where there are none.</summary>
    public override string ToString() =>
        (Links.Count == 0 ? "" : $" keys:{string.Join(',', Links)}") + (Revoked.Count == 0 ? "" : $" revoked:{string.Join(',', Revoked)}");
}
