namespace OsCircular.Peers.Summaries;

/// <summary>
/// How so many keys are cut up. The highest <see cref="Bits"/> bits of a key are its bucket, the 16 after them its fingerprint. A key that is not in the set
/// meets one of the 16 to 32 fingerprints of its bucket by chance: once in 2000 to 4000 lookups.
/// </summary>
internal readonly struct SummaryGeometry
{
    /// <summary>So many keys make a body of just less than 8 MiB. At 256 KiB a block they are 1 TB.</summary>
    public const int MaxKeys = 3_900_000;

    private const int KeysPerBucket = 32;

    /// <param name="keys">0 to <see cref="MaxKeys"/>.</param>
    public SummaryGeometry(int keys)
    {
        while (keys > KeysPerBucket << Bits) Bits++;
    }

    /// <summary>0 to 17.</summary>
    public int Bits { get; }

    public int Buckets => 1 << Bits;

    // In two steps, for a shift by all 64 bits shifts by none.
    public int BucketOf(ulong key) => (int)(key >> 1 >> (63 - Bits));

    public ushort FingerprintOf(ulong key) => (ushort)(key << Bits >> 48);
}
