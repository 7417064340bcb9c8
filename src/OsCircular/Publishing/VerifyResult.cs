namespace OsCircular.Publishing;

/// <summary>What is wrong with a file.</summary>
public enum DamageKind
{
    /// <summary>It is not what its name, its signature or its index says, or cannot be read.</summary>
    Damaged,

    /// <summary>It is needed, and not there.</summary>
    Missing,

    /// <summary>It is none of a repository's files.</summary>
    Foreign,
}

/// <summary>One damaged, missing or foreign file of a repository or cache.</summary>
/// <param name="Path">Relative to what was verified.</param>
/// <param name="Kind">What is wrong.</param>
/// <param name="Fault">The same in words, to follow the path: "is missing".</param>
public readonly record struct Damage(string Path, DamageKind Kind, string Fault)
{
    public override string ToString() => $"{Path} {Fault}";
}

/// <summary>A version that is not whole.</summary>
/// <param name="Version">Its image and name.</param>
/// <param name="Blocks">Blocks of its disk whose block files are damaged or missing.</param>
/// <param name="Pages">Index pages that are.</param>
public readonly record struct AffectedVersion(string Version, long Blocks, long Pages);

/// <summary>What a verification found.</summary>
/// <param name="Signature">Whether the head's signature was checked, against a key that was given.</param>
/// <param name="Versions">Versions whose indexes were walked.</param>
/// <param name="Documents">Manifests, index pages and profiles read.</param>
/// <param name="Blocks">Block files read.</param>
/// <param name="UnusedBlocks">Block files among them that no version of the newest manifest needs: a killed publish's, or a retired version's.</param>
/// <param name="Bytes">Bytes read.</param>
/// <param name="DamageCount">All damage found.</param>
/// <param name="Missing">Of it, files that are needed and not there.</param>
/// <param name="Foreign">Of it, files that are none of a repository's.</param>
/// <param name="Damage">The first of it, at most <see cref="MaxListed"/>, ordered by path.</param>
/// <param name="Elapsed">How long it took.</param>
public sealed record VerifyResult(
    bool Signature,
    int Versions,
    long Documents,
    long Blocks,
    long UnusedBlocks,
    long Bytes,
    long DamageCount,
    long Missing,
    long Foreign,
    IReadOnlyList<Damage> Damage,
    TimeSpan Elapsed)
{
    public const int MaxListed = 1000;

    /// <summary>Versions that cannot be read to their end for what is damaged or, in a repository, missing; of the damage that a <see cref="VerifySurvey"/> holds.</summary>
    public IReadOnlyList<AffectedVersion> Affected { get; init; } = [];

    public bool IsGood => DamageCount == 0;
}

/// <summary>How far a verification is.</summary>
/// <param name="Files">Files read.</param>
/// <param name="Bytes">Bytes in them.</param>
public readonly record struct VerifyProgress(long Files, long Bytes);
