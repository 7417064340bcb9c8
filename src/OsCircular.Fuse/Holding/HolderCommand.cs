namespace OsCircular.Fuse.Holding;

/// <summary>How a program starts itself again as a FUSE holder.</summary>
/// <param name="File">The program.</param>
/// <param name="Arguments">What makes it call <see cref="HolderProcess.Run"/>; the socket's path is added.</param>
public sealed record HolderCommand(string File, IReadOnlyList<string> Arguments);
