using OsCircular.Indexes;
using OsCircular.Publishing.Collecting;

namespace OsCircular.Publishing.Mirroring;

/// <summary>What a copying did.</summary>
/// <param name="Repository">The repository's ID.</param>
/// <param name="Sequence">Of the head now in place.</param>
/// <param name="Before">Of the head that was there; 0: none.</param>
/// <param name="Versions">Versions in it.</param>
/// <param name="Fetched">Files fetched.</param>
/// <param name="Had">Files that were there already: what an earlier head needs, or an interrupted copying left.</param>
/// <param name="Freed">Files removed; 0 where that was not asked for.</param>
/// <param name="LastDay">The last day, in UTC, on which agents may adopt the head; null: for ever.</param>
/// <param name="Elapsed">How long it took.</param>
public sealed record CopyResult(
    RepositoryId Repository, long Sequence, long Before, int Versions, FileSum Fetched, FileSum Had, FileSum Freed, DateOnly? LastDay, TimeSpan Elapsed)
{
    /// <summary>Whether the copy was whole and up to date already.</summary>
    public bool Unchanged => Sequence == Before && Fetched.Files == 0 && Freed.Files == 0;
}

/// <summary>How far a copying is.</summary>
/// <param name="Fetched">Files fetched.</param>
/// <param name="Had">Files that were there already.</param>
public readonly record struct CopyProgress(FileSum Fetched, FileSum Had);
