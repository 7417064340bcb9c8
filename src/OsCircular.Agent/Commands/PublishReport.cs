using OsCircular.Indexes;
using OsCircular.Publishing;

namespace OsCircular.Agent.Commands;

/// <summary>What <c>publish --json</c> prints. Sizes in bytes.</summary>
internal sealed record PublishReport
{
    public required string Name { get; init; }
    public required string Version { get; init; }
    public required bool Unchanged { get; init; }
    public required string Repository { get; init; }
    public required long Sequence { get; init; }
    public required long DiskSize { get; init; }
    public required int BlockSize { get; init; }
    public required long Blocks { get; init; }
    public required long NewBlocks { get; init; }
    public required long ReusedBlocks { get; init; }
    public required long ZeroBlocks { get; init; }
    public required long BytesRead { get; init; }
    public required long NewStoredBytes { get; init; }
    public required long NewIndexPages { get; init; }
    public required long NewIndexBytes { get; init; }
    public required long StoredBytes { get; init; }
    /// <summary>Blocks in its profile; null: it has none.</summary>
    public required int? ProfileBlocks { get; init; }

    /// <summary>The version whose profile it was; null: it was given, or there is none.</summary>
    public required string? ProfileInheritedFrom { get; init; }

    public required double Seconds { get; init; }

    public static PublishReport Of(ImageName name, PublishResult result) => new()
    {
        Name = name.ToString(),
        Version = result.Version.ToString(),
        Unchanged = result.Unchanged,
        Repository = result.Repository.ToString(),
        Sequence = result.Sequence,
        DiskSize = result.Geometry.DiskSize,
        BlockSize = result.Geometry.BlockSize,
        Blocks = result.Blocks.Total,
        NewBlocks = result.Blocks.New,
        ReusedBlocks = result.Blocks.Reused,
        ZeroBlocks = result.Blocks.Zero,
        BytesRead = result.Blocks.BytesRead,
        NewStoredBytes = result.Blocks.NewStoredBytes,
        NewIndexPages = result.NewPages,
        NewIndexBytes = result.NewPageBytes,
        StoredBytes = result.StoredBytes,
        ProfileBlocks = result.Profile?.Blocks,
        ProfileInheritedFrom = result.Profile?.InheritedFrom?.ToString(),
        Seconds = result.Elapsed.TotalSeconds,
    };
}
