using System.Globalization;

namespace OsCircular.TestKit.Fuzzing;

/// <summary>
/// Throws inputs at a parser for a while. A parser says whether it took an input; whatever it throws is a finding, kept in a file whose path the failure names: put it into
/// the corpus, and mend the parser.
/// </summary>
public static class FuzzRun
{
    /// <summary>Names how long each parser is fuzzed, in seconds, where it is to be longer than in CI.</summary>
    public const string SecondsVariable = "OCT_FUZZ_SECONDS";

    /// <summary>Names another seed than 1.</summary>
    public const string SeedVariable = "OCT_FUZZ_SEED";

    private const int DefaultSeconds = 1;

    /// <param name="name">Of the parser, and of its folder in the corpus.</param>
    /// <param name="corpus">To begin with; all of it is tried first.</param>
    /// <param name="parse">Whether the input is a good one.</param>
    /// <returns>How many inputs there were, and how many of them were taken.</returns>
    public static (long Executions, long Taken) Run(string name, IReadOnlyList<byte[]> corpus, Func<byte[], bool> parse)
    {
        TimeProvider time = TimeProvider.System;
        long began = time.GetTimestamp();
        TimeSpan budget = TimeSpan.FromSeconds(Number(SecondsVariable, DefaultSeconds));
        Mutator mutator = new(new Random(Number(SeedVariable, 1)), corpus);
        long executions = 0, taken = 0;
        foreach (byte[] input in corpus) Try(input);
        while (time.GetElapsedTime(began) < budget)
        {
            for (int i = 0; i < 100; i++) Try(mutator.Next());
        }

        return (executions, taken);

        void Try(byte[] input)
        {
            executions++;
            try
            {
                if (parse(input)) taken++;
            }
            catch (Exception failure)
            {
                throw new InvalidOperationException($"{name}: finding after {executions} inputs, kept as {Keep(name, input)}: {failure.Message}", failure);
            }
        }
    }

    /// <summary>What is kept for a parser, by file name.</summary>
    public static IReadOnlyList<byte[]> Corpus(string folder) => [.. Directory.GetFiles(folder).Order(StringComparer.Ordinal).Select(File.ReadAllBytes)];

    private static string Keep(string name, byte[] input)
    {
        string path = Path.Combine(Path.GetTempPath(), $"oct-finding-{name}-{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(input))[..12]}");
        File.WriteAllBytes(path, input);
        return path;
    }

    private static int Number(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : otherwise;
}
