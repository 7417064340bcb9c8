using OsCircular.Indexes;

namespace OsCircular.Agent.Commands;

/// <summary>Blocks that follow one another on the disk.</summary>
internal sealed record ProfileRange(long First, long Last);

/// <summary>What <c>profile show --json</c> prints.</summary>
internal sealed record ProfileReport
{
    public required int Blocks { get; init; }
    public required int BlockSize { get; init; }

    /// <summary>Of disk, all blocks being taken as whole.</summary>
    public required long Bytes { get; init; }

    /// <summary>The blocks, in the order in which they are fetched.</summary>
    public required IReadOnlyList<long> Order { get; init; }

    /// <summary>The same in the order of the disk.</summary>
    public required IReadOnlyList<ProfileRange> Ranges { get; init; }

    public static ProfileReport Of(BootProfile profile, int blockSize)
    {
        List<ProfileRange> ranges = [];
        foreach (long block in profile.Blocks.Order())
        {
            if (ranges.Count > 0 && ranges[^1].Last + 1 == block) ranges[^1] = ranges[^1] with { Last = block };
            else ranges.Add(new ProfileRange(block, block));
        }

        return new ProfileReport { Blocks = profile.Blocks.Count, BlockSize = blockSize, Bytes = (long)profile.Blocks.Count * blockSize, Order = profile.Blocks, Ranges = ranges };
    }
}
