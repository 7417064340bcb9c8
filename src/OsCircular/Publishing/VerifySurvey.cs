using OsCircular.Blocks;
using OsCircular.Sources;

namespace OsCircular.Publishing;

/// <summary>A block file that is damaged or missing, and what must stand there.</summary>
/// <param name="Row">What the index says.</param>
/// <param name="BlockLength">Bytes of the block itself.</param>
public readonly record struct DamagedBlock(BlockRow Row, int BlockLength);

/// <summary>What a verification found, and what of it can be fetched again: at most <see cref="MaxDamage"/> files; what is beyond shows when these are mended.</summary>
/// <param name="Result">The report.</param>
/// <param name="Blocks">Block files that some version needs.</param>
/// <param name="Documents">Manifests, index pages and profiles. What only a damaged page leads to shows when that page is mended.</param>
/// <param name="Unneeded">Damaged block files that no version needs.</param>
/// <param name="BlockSizes">Of all versions.</param>
public sealed record VerifySurvey(
    VerifyResult Result, IReadOnlyList<DamagedBlock> Blocks, IReadOnlyList<DocumentName> Documents, IReadOnlyList<BlockName> Unneeded, IReadOnlyList<int> BlockSizes)
{
    public const int MaxDamage = 65_536;
}
