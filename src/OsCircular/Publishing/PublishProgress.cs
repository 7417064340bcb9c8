namespace OsCircular.Publishing;

public enum PublishPhase
{
    /// <summary><c>qemu-img</c> makes a raw image; the bytes are a share of the disk's size.</summary>
    Converting,

    /// <summary>Reading the indexes of all that was published before.</summary>
    Loading,

    /// <summary>Reading the image, hashing, encoding, writing block files.</summary>
    Publishing,

    /// <summary>Waiting until all is on the disk, then the new head.</summary>
    Syncing,
}

/// <summary>How far a publish is; reported a few times a second.</summary>
/// <param name="Phase">What is being done.</param>
/// <param name="BytesDone">Bytes of the disk dealt with, holes too.</param>
/// <param name="BytesTotal">The disk's size in bytes.</param>
/// <param name="BytesRead">Bytes of them that were no hole.</param>
/// <param name="NewStoredBytes">Bytes of the block files added.</param>
/// <param name="Elapsed">Since the phase began.</param>
public readonly record struct PublishProgress(PublishPhase Phase, long BytesDone, long BytesTotal, long BytesRead, long NewStoredBytes, TimeSpan Elapsed)
{
    /// <summary>Of the disk, holes too; 0 before the first.</summary>
    public double BytesPerSecond => Elapsed > TimeSpan.Zero ? BytesDone / Elapsed.TotalSeconds : 0;

    /// <summary>At the rate so far; null before there is one.</summary>
    public TimeSpan? TimeLeft => BytesDone > 0 && Elapsed > TimeSpan.Zero ? Elapsed * ((double)(BytesTotal - BytesDone) / BytesDone) : null;
}
