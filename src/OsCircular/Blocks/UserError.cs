namespace OsCircular.Blocks;

/// <summary>A failure whose message is meant for the user as it stands: one line that names the thing, the cause and the next step.</summary>
public sealed class UserError : Exception
{
    public const int Failed = 1;
    public const int WrongUsage = 2;
    public const int DamageFound = 3;

    public UserError(string message, int exitCode = Failed) : base(message) => ExitCode = exitCode;

    public UserError(string message, Exception cause, int exitCode = Failed) : base(message, cause) => ExitCode = exitCode;

    /// <summary>The program's exit code: <see cref="Failed"/>, <see cref="WrongUsage"/> or <see cref="DamageFound"/>.</summary>
    public int ExitCode { get; }
}
