using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.Indexes.Signing;

namespace OsCircular.Publishing.Keys;

/// <summary>
/// Changes which keys may sign a repository's heads, in a new head for its newest manifest. Agents that adopt it, or any later head, believe the keys it vouches
/// for, and never again those it revokes.
/// </summary>
public sealed class KeyKeeper(TimeProvider time)
{
    /// <summary>Vouches for another key: from now on both may sign.</summary>
    /// <param name="repository">The repository's folder.</param>
    /// <param name="key">One of its keys.</param>
    /// <param name="other">The key to be believed as well.</param>
    /// <param name="expiresAfter">How long the new head may be adopted; null: as long as the old one.</param>
    /// <exception cref="UserError">No repository, another key's, in use by another writer, or it has that key already.</exception>
    public KeysResult Add(string repository, MinisignSecretKey key, MinisignPublicKey other, TimeSpan? expiresAfter) => Change(repository, key, expiresAfter, (id, keys, ring) =>
    {
        if (ring.HasRevoked(other)) throw new UserError($"Key {Id(other)} was revoked, and a revoked key is never accepted again; make a new one with: oscircular keygen");
        if (ring.Accepts(other)) throw new UserError($"Key {Id(other)} may sign this repository's heads already.");
        if (keys.Links.Count == HeadKeys.Max)
            throw new UserError($"A head has room for {HeadKeys.Max} keys that were vouched for; revoke one that is no longer used.");
        return keys with { Links = [.. keys.Links, KeyLink.Make(key, id, other)] };
    });

    /// <summary>Revokes a key: heads that it signed after are refused by all who know.</summary>
    /// <param name="other">Not <paramref name="key"/>: the head that says so is signed with that one.</param>
    /// <inheritdoc cref="Add"/>
    public KeysResult Revoke(string repository, MinisignSecretKey key, MinisignPublicKey other, TimeSpan? expiresAfter) => Change(repository, key, expiresAfter, (_, keys, ring) =>
    {
        if (other.Equals(key.PublicKey)) throw new UserError("A key cannot revoke itself; give --key another of the repository's keys.", UserError.WrongUsage);
        if (ring.HasRevoked(other)) throw new UserError($"Key {Id(other)} is revoked already.");
        if (keys.Revoked.Count == HeadKeys.Max) throw new UserError($"A head has room for {HeadKeys.Max} revoked keys; begin a new repository with a new key.");

        // What it vouched for stays: that is how a host that knows only this key finds the others.
        return keys with { Links = [.. keys.Links.Where(link => !link.Key.Equals(other))], Revoked = [.. keys.Revoked, other] };
    });

    private KeysResult Change(string repository, MinisignSecretKey key, TimeSpan? expiresAfter, Func<RepositoryId, HeadKeys, KeyRing, HeadKeys> change)
    {
        if (expiresAfter is { } span && (span <= TimeSpan.Zero || span > Expiry.Longest))
            throw new UserError($"--expires: give a time above zero and up to {Expiry.Longest.TotalDays:0} days.", UserError.WrongUsage);
        try
        {
            using RepositoryWriter writer = RepositoryWriter.Open(repository, create: false);
            RepositoryState state = RepositoryState.Load(repository, key.PublicKey) ?? throw new UserError($"{repository}: its head is gone; put it back from a mirror.");
            HeadKeys keys = change(state.Head.Repository, state.Head.Comment.Keys, state.Head.Keys);
            long sequence = state.Head.Sequence + 1;
            DateOnly? lastDay = expiresAfter is null ? state.Head.Comment.Expires : Expiry.LastDay(time.GetUtcNow(), expiresAfter);
            byte[] bytes = Head.Sign(key, state.Head.Repository, sequence, state.ManifestBytes, lastDay, keys);
            if (!Head.TryOpen(bytes, key.PublicKey, out Head? head, out HeadRefusal? refusal)) throw new InvalidOperationException($"A head of our own that {refusal}.");
            writer.Commit(bytes);
            return new KeysResult(state.Head.Repository, sequence, head.Keys.Accepted, head.Keys.Revoked);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new UserError($"{repository}: not signed ({cause.Message.TrimEnd('.')}); the old head is still in place. Mend that and try again.", cause);
        }
    }

    private static string Id(MinisignPublicKey key) => MinisignPublicKey.KeyIdText(key.KeyId);
}

/// <summary>The keys that a new head speaks of, as one sees them who knows the key that signed it.</summary>
/// <param name="Repository">The repository's ID.</param>
/// <param name="Sequence">The new head's.</param>
/// <param name="Accepted">Keys that may sign.</param>
/// <param name="Revoked">Keys that may not any more.</param>
public sealed record KeysResult(RepositoryId Repository, long Sequence, IReadOnlyList<MinisignPublicKey> Accepted, IReadOnlyList<MinisignPublicKey> Revoked);
