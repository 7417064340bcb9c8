namespace OsCircular.Library.Carrying;

/// <summary>How far an export or an import is.</summary>
/// <param name="Done">Bytes of the file.</param>
/// <param name="Total">Bytes of the file in all, or nearly; greater than zero.</param>
public readonly record struct CarryProgress(long Done, long Total);
