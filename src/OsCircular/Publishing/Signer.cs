using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.Indexes.Signing;

namespace OsCircular.Publishing;

/// <summary>Signs a repository's newest manifest anew: a new head with the next sequence and a new expiry.</summary>
public sealed class Signer(TimeProvider time)
{
    /// <param name="repository">The repository's folder.</param>
    /// <param name="key">Its key.</param>
    /// <param name="expiresAfter">How long the new head may be adopted, to the end of that day in UTC; null: for ever.</param>
    /// <exception cref="UserError">No repository, another key's, damaged, or in use by another writer.</exception>
    public SignResult Sign(string repository, MinisignSecretKey key, TimeSpan? expiresAfter)
    {
        if (expiresAfter is { } span && (span <= TimeSpan.Zero || span > Expiry.Longest))
            throw new UserError($"Expiry after {span.TotalDays:0.###} days: give a time above zero and up to {Expiry.Longest.TotalDays:0} days.", UserError.WrongUsage);
        try
        {
            using RepositoryWriter writer = RepositoryWriter.Open(repository, create: false);
            RepositoryState state = RepositoryState.Load(repository, key.PublicKey) ?? throw new UserError($"{repository}: its head is gone; put it back from a mirror.");
            long sequence = state.Head.Sequence + 1;
            DateOnly? lastDay = Expiry.LastDay(time.GetUtcNow(), expiresAfter);
            writer.Commit(Head.Sign(key, state.Head.Repository, sequence, state.ManifestBytes, lastDay, state.Head.Comment.Keys));
            return new SignResult(state.Head.Repository, sequence, lastDay);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new UserError($"{repository}: not signed ({cause.Message.TrimEnd('.')}); the old head is still in place. Mend that and sign again.", cause);
        }
    }
}

/// <summary>The new head.</summary>
/// <param name="Repository">The repository's ID.</param>
/// <param name="Sequence">Its sequence.</param>
/// <param name="LastDay">The last day, in UTC, on which it may be adopted; null: for ever.</param>
public sealed record SignResult(RepositoryId Repository, long Sequence, DateOnly? LastDay);
