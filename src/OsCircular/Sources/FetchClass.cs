namespace OsCircular.Sources;

/// <summary>For whom a block is fetched; lower values go first.</summary>
public enum FetchClass
{
    /// <summary>A reader waits for it.</summary>
    Reader = 0,

    /// <summary>It is likely to be read soon: read-ahead, the profile.</summary>
    Profile = 1,

    /// <summary>Filling the cache; nobody waits.</summary>
    Fill = 2,
}
