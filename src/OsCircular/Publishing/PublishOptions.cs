using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.Indexes.Signing;

namespace OsCircular.Publishing;

/// <summary>What to publish, where, and how.</summary>
public sealed record PublishOptions
{
    /// <summary>What <see cref="Profile"/> says where the version is to have none.</summary>
    public const string NoProfile = "none";

    /// <summary>A raw file, a block device, or a qcow2, vmdk, vhdx, vpc or vdi image, which <c>qemu-img</c> converts. Where <see cref="Overlay"/> is given, its path.</summary>
    public required string ImagePath { get; init; }

    /// <summary>What a guest changed on a published version: only that is read, and its block size is that version's. Null: the image is a whole disk.</summary>
    public OverlayFile? Overlay { get; init; }

    /// <summary>Publish an <see cref="Overlay"/> even though its version is no longer the newest, or cannot be shown to be this repository's.</summary>
    public bool Force { get; init; }

    /// <summary>The repository's folder; the first publish creates it.</summary>
    public required string RepositoryPath { get; init; }

    /// <summary>The file of the profile to publish with the version; <see cref="NoProfile"/>: none. Null: what still fits of its predecessor's.</summary>
    public string? Profile { get; init; }

    public required ImageName Name { get; init; }
    public required MinisignSecretKey Key { get; init; }

    /// <summary>Null: the number after the highest ever used.</summary>
    public VersionName? Version { get; init; }

    /// <summary>Bytes, a power of two from 64 KiB to 4 MiB. Null: that of the image's last version, else 256 KiB.</summary>
    public int? BlockSize { get; init; }

    /// <summary>zstd level, 1 to 19.</summary>
    public int Level { get; init; } = BlockEncoder.DefaultLevel;

    /// <summary>How long the new head may be adopted, to the end of that day in UTC; null: for ever.</summary>
    public TimeSpan? ExpiresAfter { get; init; }

    /// <summary>Fill the last sector with zeros where the image's size is no multiple of 512.</summary>
    public bool Pad { get; init; }

    /// <summary>Take the image as raw whatever it begins with: for disks whose first bytes a guest could write.</summary>
    public bool TreatAsRaw { get; init; }

    /// <summary>Threads that read, hash and encode, at least 1; each holds two to three blocks in memory.</summary>
    public int Workers { get; init; } = Environment.ProcessorCount;

    /// <exception cref="UserError">Something is out of its range.</exception>
    public void Check()
    {
        if (BlockSize is { } size && !BlockGeometry.IsValidBlockSize(size))
            throw new UserError($"Block size {size}: give a power of two from 64KiB to 4MiB.", UserError.WrongUsage);
        if (Level is < BlockEncoder.MinLevel or > BlockEncoder.MaxLevel)
            throw new UserError($"Level {Level}: give a zstd level from {BlockEncoder.MinLevel} to {BlockEncoder.MaxLevel}.", UserError.WrongUsage);
        if (ExpiresAfter is { } expires && (expires <= TimeSpan.Zero || expires > Expiry.Longest))
            throw new UserError($"Expiry after {expires.TotalDays:0.###} days: give a time above zero and up to {Expiry.Longest.TotalDays:0} days.", UserError.WrongUsage);
        ArgumentOutOfRangeException.ThrowIfLessThan(Workers, 1);
    }
}
