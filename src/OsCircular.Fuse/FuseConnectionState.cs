using OsCircular.Fuse.Protocol;

namespace OsCircular.Fuse;

/// <summary>
/// What INIT settled for the life of the connection. A process that takes the connection over must be given it, for the kernel does not say it twice.
/// </summary>
public sealed record FuseConnectionState
{
    /// <summary>The protocol's minor version in use; the major one is 7.</summary>
    public required uint Minor { get; init; }

    /// <summary>What the kernel can do.</summary>
    public required FuseInitFlags Offered { get; init; }

    /// <summary>What was agreed on.</summary>
    public required FuseInitFlags Agreed { get; init; }

    /// <summary>Bytes in the longest read.</summary>
    public required int MaxReadBytes { get; init; }

    /// <summary>Bytes in the longest write request; request buffers must hold this and 4 KiB.</summary>
    public required int MaxWriteBytes { get; init; }

    /// <summary>Whether this program can serve what was agreed on, perhaps by another version of it.</summary>
    public bool IsServable => Minor is >= FuseInit.OldestMinor and <= FuseInit.NewestMinor && (Agreed & ~FuseInit.Wanted) == 0
        && MaxReadBytes <= FuseInit.MaxReadBytes && MaxWriteBytes <= FuseInit.MaxWriteBytes;

    /// <summary>Whether a successor can have the kernel send again what was left unanswered (Linux 6.9).</summary>
    public bool CanResend => Offered.HasFlag(FuseInitFlags.HasResend);
}
