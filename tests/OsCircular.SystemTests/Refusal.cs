using System.Text.RegularExpressions;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests;

internal static partial class Refusal
{
    /// <summary>
    /// A non-zero exit, nothing on standard output, and one line on standard error that holds <paramref name="said"/>; where an agent was
    /// starting, its log may stand before that line.
    /// </summary>
    public static void Assert(ProcessResult result, string said)
    {
        Xunit.Assert.True(result.ExitCode is 1 or 2 or 3, result.ToString());
        Xunit.Assert.True(result.Output == "", result.ToString());
        string[] lines = [.. result.ErrorLines.Where(line => !LogLine().IsMatch(line))];
        Xunit.Assert.True(lines.Length == 1 && lines[0] == result.ErrorLines[^1] && lines[0].StartsWith("oscircular: ", StringComparison.Ordinal), result.ToString());
        Xunit.Assert.True(lines[0].Contains(said, StringComparison.OrdinalIgnoreCase), $"'{said}' is not said:\n{result}");
    }

    [GeneratedRegex(@"^\d\d:\d\d:\d\d\.\d{3} (info|warn): ")]
    private static partial Regex LogLine();
}
