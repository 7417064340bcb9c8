namespace OsCircular.SystemTests.Faults.Campaign;

/// <summary>What is done to an agent's cache, and what mirrors and peers answer.</summary>
internal enum FaultKind
{
    CacheBitFlip,
    CacheTruncation,

    /// <summary>Two block files change names.</summary>
    CacheSwap,
    CacheZeroedPage,

    /// <summary>What a rename without a sync leaves: the name stands for a part, for nothing, or for zeros, and the temporary file is still there.</summary>
    CacheTornRename,
    CacheDeletedFile,

    MirrorWrongBytes,
    MirrorMissing,
    MirrorServerError,
    MirrorStall,
    MirrorReset,
    MirrorShortBody,

    PeerWrongBytes,
    PeerMissing,
    PeerServerError,
    PeerStall,
    PeerReset,
    PeerShortBody,
}
