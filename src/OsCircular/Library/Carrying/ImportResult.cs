namespace OsCircular.Library.Carrying;

/// <summary>What became of the head that an export carries.</summary>
public enum CarriedHead
{
    /// <summary>It is the newest known from now on.</summary>
    Adopted,

    /// <summary>It was adopted before.</summary>
    Known,

    /// <summary>A newer one was adopted before, and offers the same versions: that one stays.</summary>
    Older,

    /// <summary>Something that it needs is damaged in the export: a later import, a mirror or a peer may bring it.</summary>
    NotYet,
}

/// <summary>One version after an import.</summary>
/// <param name="Image">The image.</param>
/// <param name="Version">The version.</param>
/// <param name="StoredBytes">Bytes of its block files.</param>
/// <param name="MissingBlocks">Those that this host does not hold, as far as the index is here.</param>
/// <param name="MissingBytes">Their sum.</param>
/// <param name="IsIndexWhole">Whether all pages of its index are here.</param>
public sealed record ImportedVersion(string Image, string Version, long StoredBytes, long MissingBlocks, long MissingBytes, bool IsIndexWhole)
{
    public bool IsWhole => IsIndexWhole && MissingBlocks == 0;
}

/// <summary>What an import brought in. Sizes in bytes.</summary>
/// <param name="Repository">The repository's ID.</param>
/// <param name="Sequence">Of the export's head.</param>
/// <param name="Head">What became of it.</param>
/// <param name="HeadProblem">Why it is not adopted; null where it is.</param>
/// <param name="Versions">Those that the export carries.</param>
/// <param name="Documents">Manifest, index pages and profiles that were not held.</param>
/// <param name="Blocks">Block files taken in.</param>
/// <param name="BlockBytes">Their sum.</param>
/// <param name="Held">Block files that were held before and not read again.</param>
/// <param name="Damaged">Files of the export that could not be taken, the first <see cref="MaxListed"/>.</param>
/// <param name="DamagedCount">All of them.</param>
/// <param name="Gaps">Places of the export where not even a name could be made out.</param>
/// <param name="IsCut">Whether the export ends too early.</param>
/// <param name="FailedReads">Reads of the export that its medium failed.</param>
public sealed record ImportResult(
    string Repository, long Sequence, CarriedHead Head, string? HeadProblem, IReadOnlyList<ImportedVersion> Versions, long Documents,
    long Blocks, long BlockBytes, long Held, IReadOnlyList<string> Damaged, long DamagedCount, int Gaps, bool IsCut, int FailedReads)
{
    public const int MaxListed = 1000;

    /// <summary>Whether all of the export could be read.</summary>
    public bool IsGood => DamagedCount == 0 && Gaps == 0 && !IsCut && FailedReads == 0;
}
