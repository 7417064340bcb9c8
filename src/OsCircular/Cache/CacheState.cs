namespace OsCircular.Cache;

/// <summary>Whether the cache disk can be used: the worst of what is known of it.</summary>
public enum CacheState
{
    Ok,

    /// <summary>No room, and nothing that may be evicted; or the file system has none.</summary>
    Full,
    ReadOnly,

    /// <summary>Writes or reads fail.</summary>
    Failing,

    /// <summary>A call on it has not come back for longer than any working disk takes.</summary>
    Hanging,

    /// <summary>Its folder is not there any more: removed, unmounted, or the disk taken out.</summary>
    Gone,
}
