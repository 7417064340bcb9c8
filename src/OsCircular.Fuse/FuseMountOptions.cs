namespace OsCircular.Fuse;

/// <summary>What to mount and how.</summary>
public sealed record FuseMountOptions
{
    /// <summary>An existing, empty directory.</summary>
    public required string MountPoint { get; init; }

    /// <summary>The type shown is "fuse." and this; a dead mount is known as ours by it.</summary>
    public string Subtype { get; init; } = "oscircular";

    /// <summary>Shown as the mounted device.</summary>
    public string Source { get; init; } = "oscircular";

    /// <summary>Whether other users than the one who mounts may look. Always so when root mounts directly: permission bits then decide alone.</summary>
    public bool AllowOther { get; init; }

    /// <summary>
    /// How far the kernel reads ahead of a sequential reader, in KiB; null leaves its default of 128. Only root may set it. 2048 was measured best with
    /// 2 to 4 threads: the default sends reads of 128 KiB one at a time and halves the throughput; more than 2048 gains nothing.
    /// </summary>
    public int? ReadAheadKiB { get; init; } = 2048;
}
