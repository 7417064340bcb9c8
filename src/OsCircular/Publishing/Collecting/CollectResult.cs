using OsCircular.Indexes;

namespace OsCircular.Publishing.Collecting;

/// <summary>What a collection did, or, as a dry run, would do.</summary>
/// <param name="Repository">The repository's ID.</param>
/// <param name="Sequence">Of its head afterwards; of a dry run, of its head.</param>
/// <param name="Retired">Versions retired now: their files stay for the time of grace.</param>
/// <param name="Gone">Versions retired long enough ago, that left the manifest now.</param>
/// <param name="Freed">Files that no version needs, removed.</param>
/// <param name="Waiting">Files that only retired versions need.</param>
/// <param name="Next">When the first of the retired versions' time of grace ends; null: none waits.</param>
/// <param name="DryRun">Whether nothing was changed.</param>
/// <param name="Elapsed">How long it took.</param>
public sealed record CollectResult(
    RepositoryId Repository,
    long Sequence,
    IReadOnlyList<VersionReference> Retired,
    IReadOnlyList<VersionReference> Gone,
    FileSum Freed,
    FileSum Waiting,
    DateTimeOffset? Next,
    bool DryRun,
    TimeSpan Elapsed);

/// <summary>Some files, counted.</summary>
/// <param name="Files">Their number.</param>
/// <param name="Bytes">Bytes in them.</param>
public readonly record struct FileSum(long Files, long Bytes)
{
    public FileSum Plus(long bytes) => new(Files + 1, Bytes + bytes);
}
