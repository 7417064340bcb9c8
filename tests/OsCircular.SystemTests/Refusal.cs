using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests;

internal static class Refusal
{
    /// <summary>A non-zero exit, nothing on standard output, and on standard error one line alone, which holds <paramref name="said"/>.</summary>
    public static void Assert(ProcessResult result, string said)
    {
        Xunit.Assert.True(result.ExitCode is 1 or 2 or 3, result.ToString());
        Xunit.Assert.True(result.Output == "", result.ToString());
        Xunit.Assert.True(result.ErrorLines.Length == 1 && result.ErrorLines[0].StartsWith("oscircular: ", StringComparison.Ordinal), result.ToString());
        Xunit.Assert.True(result.ErrorLines[0].Contains(said, StringComparison.OrdinalIgnoreCase), $"'{said}' is not said:\n{result}");
    }
}
