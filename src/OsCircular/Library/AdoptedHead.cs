using OsCircular.Indexes;

namespace OsCircular.Library;

/// <summary>The newest known state of the repository: a snapshot, swapped whole when a newer head is adopted.</summary>
/// <param name="Head">Verified.</param>
/// <param name="Manifest">The one that the head signs.</param>
/// <param name="Adopted">When, in UTC, to the second, by this host's clock.</param>
public sealed record AdoptedHead(Head Head, Manifest Manifest, DateTimeOffset Adopted);
