namespace OsCircular.Library;

/// <summary>The library as <c>status</c> shows it: a snapshot.</summary>
/// <param name="Adopted">Null until a first head is adopted.</param>
/// <param name="LastRefresh">When the mirrors were last asked; null before the first time.</param>
/// <param name="StaleSince">Since when the adopted head is past its expiry; it is served all the same. Null: it is not.</param>
/// <param name="Saved">False while the disk does not take the adopted head: after a restart an older one would be known.</param>
/// <param name="Mirrors">What each said then.</param>
public sealed record LibraryStatus(
    AdoptedHead? Adopted, DateTimeOffset? LastRefresh, DateTimeOffset? StaleSince, bool Saved, IReadOnlyList<MirrorHead> Mirrors);
