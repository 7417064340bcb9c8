namespace OsCircular.Cache;

/// <summary>Where a held block came from. The numbers are stored in the catalogue: never reuse one.</summary>
public enum SourceKind : byte
{
    /// <summary>Found in the folder, by a rebuild or on a read.</summary>
    Found = 0,
    Mirror = 1,
    Peer = 2,
    Import = 3,
}
