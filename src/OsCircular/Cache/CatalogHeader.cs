namespace OsCircular.Cache;

/// <summary>What the catalogue remembers beside its pages.</summary>
/// <param name="Pages">How many pages there are.</param>
/// <param name="ProofKey">The key of the proof marks: 16 bytes.</param>
/// <param name="Counters">By <see cref="CacheCounter"/>.</param>
internal sealed record CatalogHeader(int Pages, byte[] ProofKey, long[] Counters)
{
    public const int Version = 1;
    public const int ProofKeySize = 16;
}
