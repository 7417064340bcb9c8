namespace OsCircular.Library.Profiles;

/// <summary>One recorded boot.</summary>
/// <param name="Blocks">Numbers of blocks in the order in which they were first touched; none twice.</param>
/// <param name="Milliseconds">When each was, counted from the first; as many.</param>
public sealed record RecordedRun(IReadOnlyList<long> Blocks, IReadOnlyList<long> Milliseconds);
