using System.Text.RegularExpressions;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.Mounting;

/// <summary>Heads that the program would not make, signed with the publisher's key by the real <c>minisign</c>.</summary>
internal static class ForgedHead
{
    /// <summary>Signs the newest manifest again, with its signed comment changed: <c>sequence:3</c> replaces the sequence, and so on.</summary>
    public static async Task SignAsync(TestRepository repository, params string[] changes)
    {
        string comment = (await File.ReadAllLinesAsync(repository.HeadFile)).Single(line => line.StartsWith("trusted comment: ", StringComparison.Ordinal))["trusted comment: ".Length..];
        foreach (string change in changes)
        {
            string field = change.Split(':')[0];
            comment = comment.Contains($" {field}:", StringComparison.Ordinal) ? Regex.Replace(comment, $" {field}:\\S+", $" {change}") : $"{comment} {change}";
        }

        await TestProcess.ShellAsync("minisign -S -s \"$1\" -m \"$2\" -x \"$3\" -t \"$4\"", repository.SecretKey, repository.ManifestFile(), repository.HeadFile, comment);
    }
}
