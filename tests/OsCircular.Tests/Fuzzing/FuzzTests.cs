using OsCircular.TestKit;
using OsCircular.TestKit.Fuzzing;

namespace OsCircular.Tests.Fuzzing;

/// <summary>
/// Whatever strangers and damaged disks yield is taken or refused: no other exception, no hang, nothing out of bounds. A second for each reader in CI; longer with
/// OCT_FUZZ_SECONDS=3600 and another OCT_FUZZ_SEED. The corpus: good inputs (good-*), and everything that was ever found (found-*).
/// </summary>
public sealed class FuzzTests
{
    public static TheoryData<string> Readers => [.. FuzzTargets.All.Keys];

    [Theory]
    [MemberData(nameof(Readers))]
    public void Reader_GivenAnything_TakesOrRefuses(string reader)
    {
        IReadOnlyList<byte[]> corpus = FuzzRun.Corpus(CorpusOf(reader));
        (long executions, long taken) = FuzzRun.Run(reader, corpus, FuzzTargets.All[reader]);
        TestContext.Current.TestOutputHelper?.WriteLine($"{reader}: {executions} inputs, {taken} taken");
        Assert.InRange(taken, 1, executions - 1);
        Assert.True(executions > 100, $"only {executions} inputs");
    }

    [Theory]
    [MemberData(nameof(Readers))]
    public void Corpus_OfGoodInputs_IsTaken(string reader) =>
        Assert.All(Directory.GetFiles(CorpusOf(reader), "good-*"), file => Assert.True(FuzzTargets.All[reader](File.ReadAllBytes(file)), file));

    [Fact]
    public void Corpus_OfEveryFolder_HasAReader() =>
        Assert.Equal(FuzzTargets.All.Keys, Directory.GetDirectories(SourceTree.PathOf("tests/OsCircular.Tests/Corpus")).Select(Path.GetFileName).Order(StringComparer.Ordinal));

    private static string CorpusOf(string reader) => SourceTree.PathOf($"tests/OsCircular.Tests/Corpus/{reader}");
}
