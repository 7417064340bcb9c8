namespace OsCircular.Sources;

/// <summary>What happened to one key.</summary>
public enum HeldChangeKind : byte
{
    Added = 0,

    /// <summary>Added, and this host fetched it from a mirror itself.</summary>
    AddedFromMirror = 1,
    Removed = 2,
}

/// <param name="Key">See <see cref="HeldKey"/>.</param>
/// <param name="Kind">What happened to it.</param>
public readonly record struct HeldChange(ulong Key, HeldChangeKind Kind);

/// <summary>
/// The names of all that this host holds, blocks and documents alike, and how that changed. A hint for others, never the truth: presence is decided
/// by opening a file. Thread-safe.
/// </summary>
public interface IHeldNames
{
    /// <summary>Counts changes since the process started; 0 before the first.</summary>
    long Sequence { get; }

    /// <summary>Appends the changes after <paramref name="since"/>, oldest first.</summary>
    /// <param name="since">A sequence this object once gave.</param>
    /// <param name="changes">Appended to.</param>
    /// <returns>The sequence of the last one; -1, and nothing appended, where not all of them are remembered any more.</returns>
    long CopyChanges(long since, List<HeldChange> changes);

    /// <summary>Appends the keys of all that is held, in any order; one that changes meanwhile may be in it or not, or twice.</summary>
    /// <param name="keys">Appended to.</param>
    /// <returns>The sequence before the first key was looked at: changes after it may not be in the keys.</returns>
    long CopyKeys(List<ulong> keys);
}
