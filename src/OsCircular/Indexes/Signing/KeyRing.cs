namespace OsCircular.Indexes.Signing;

/// <summary>The keys of one repository: whose heads are believed, and whose never are. Immutable; a revoked key is never accepted again.</summary>
public sealed class KeyRing
{
    /// <param name="accepted">Those of them that are revoked are left out.</param>
    /// <param name="revoked">May repeat.</param>
    public KeyRing(IEnumerable<MinisignPublicKey> accepted, IEnumerable<MinisignPublicKey> revoked)
    {
        Revoked = [.. revoked.Distinct()];
        Accepted = [.. accepted.Distinct().Where(key => !Revoked.Contains(key))];
    }

    public IReadOnlyList<MinisignPublicKey> Accepted { get; }
    public IReadOnlyList<MinisignPublicKey> Revoked { get; }

    public static KeyRing Of(MinisignPublicKey key) => new([key], []);

    public bool Accepts(MinisignPublicKey key) => Accepted.Contains(key);

    public bool HasRevoked(MinisignPublicKey key) => Revoked.Contains(key);

    /// <summary>With every key that an accepted one vouches for, and those that these vouch for.</summary>
    public KeyRing Following(IReadOnlyList<KeyLink> links, RepositoryId repository)
    {
        KeyRing ring = this;
        for (bool grows = true; grows;)
        {
            KeyLink? next = links.FirstOrDefault(link => ring.Accepts(link.By) && !ring.Accepts(link.Key) && !ring.HasRevoked(link.Key) && link.IsGood(repository));
            grows = next is not null;
            if (next is not null) ring = new KeyRing([.. ring.Accepted, next.Key], ring.Revoked);
        }

        return ring;
    }

    /// <summary>Without these, for ever.</summary>
    public KeyRing Without(IReadOnlyList<MinisignPublicKey> revoked) => revoked.Count == 0 ? this : new KeyRing(Accepted, [.. Revoked, .. revoked]);
}
