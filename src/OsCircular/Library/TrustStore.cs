using OsCircular.Blocks;
using OsCircular.Cache;
using OsCircular.Indexes;
using OsCircular.Indexes.Signing;

namespace OsCircular.Library;

/// <summary>The adopted head and the trust record on disk. The head is written first, so that trust is never ahead of it.</summary>
internal sealed class TrustStore(MinisignPublicKey key, StateFile head, StateFile trust)
{
    /// <summary>What this cache is bound to; null where to nothing yet.</summary>
    /// <exception cref="UserError">It is bound to another key, or its record cannot be read.</exception>
    public Trust? LoadTrust()
    {
        if (trust.TryRead() is not { } bytes) return null;
        if (!Trust.TryParse(bytes, out Trust? read, out string? fault))
        {
            throw new UserError($"{trust.Path} says which repository this cache trusts, but it {fault}; restore it, or start with another --cache.");
        }

        // A host that was told an older or a newer key of this publisher goes on: which are good now, the record says.
        return read.Key.Equals(key) || read.OtherKeys.Contains(key) || read.RevokedKeys.Contains(key)
            ? read
            : throw new UserError(
                $"This cache trusts key {read.Key}, not the given {key} ({trust.Path}): give the first as --public-key, or use another --cache.");
    }

    /// <summary>The adopted head, if one is there and still is what trust says.</summary>
    /// <param name="trusted">What <see cref="LoadTrust"/> gave.</param>
    /// <param name="now">For a head that came with a copied cache and was never adopted here.</param>
    public (Head? Head, HeadRefusal? Refusal) LoadHead(Trust? trusted, DateTimeOffset now)
    {
        if (head.TryRead() is not { } bytes) return (null, null);
        if (!Head.TryOpen(bytes, trusted?.Keys ?? KeyRing.Of(key), out Head? opened, out HeadRefusal? refusal)) return (null, refusal);

        // What was adopted here stays usable for ever, so the clock has no say where there is trust.
        refusal = Adoption.Judge(trusted, opened, trusted is null ? now : DateTimeOffset.MinValue);
        return refusal is null ? (opened, null) : (null, refusal);
    }

    /// <exception cref="IOException">The disk did not take it.</exception>
    public void Save(AdoptedHead adopted)
    {
        head.Write(adopted.Head.Bytes.Span);
        trust.Write(Trust.In(key, adopted).ToBytes());
    }
}
