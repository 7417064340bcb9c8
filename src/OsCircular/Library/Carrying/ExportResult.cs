using OsCircular.Indexes;

namespace OsCircular.Library.Carrying;

/// <summary>What an export holds. Sizes in bytes.</summary>
/// <param name="Repository">The repository's ID.</param>
/// <param name="Sequence">Of its head.</param>
/// <param name="Expires">From when on the head is not imported any more without being told to; null: never.</param>
/// <param name="Versions">Those that it carries.</param>
/// <param name="Documents">Manifest, index pages and profiles.</param>
/// <param name="Blocks">Block files.</param>
/// <param name="BlockBytes">Their sum.</param>
/// <param name="LeftOut">Block files that the receiver has.</param>
/// <param name="LeftOutBytes">Their sum.</param>
/// <param name="Length">Of the export itself.</param>
public sealed record ExportResult(
    RepositoryId Repository, long Sequence, DateTimeOffset? Expires, IReadOnlyList<VersionReference> Versions,
    int Documents, long Blocks, long BlockBytes, long LeftOut, long LeftOutBytes, long Length);
