namespace OsCircular.TestKit.Programs;

/// <summary>How a program ended and what it said.</summary>
public sealed record ProcessResult(string Command, int ExitCode, string Output, string Errors)
{
    public string[] ErrorLines => Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Itself, where the exit code is zero; else throws with all that was said.</summary>
    public ProcessResult MustSucceed() =>
        ExitCode == 0 ? this : throw new InvalidOperationException($"exit code {ExitCode}\n{this}");

    public override string ToString() => $"$ {Command}\n{Output}{Errors}[exit {ExitCode}]";
}
