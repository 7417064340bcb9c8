using OsCircular.Publishing;

namespace OsCircular.Tests.Publishing;

/// <summary>Looks at the whole heap, so nothing else may run beside it.</summary>
[Collection(nameof(KnownBlocksMemoryTests))]
[CollectionDefinition(nameof(KnownBlocksMemoryTests), DisableParallelization = true)]
public sealed class KnownBlocksMemoryTests
{
    [Theory]
    [InlineData(200_000)] // a table just doubled
    [InlineData(390_000)] // just before a table doubles
    [InlineData(400_000)] // just after
    public void Memory_ForEachKnownBlock_IsAtMost100Bytes(int blocks)
    {
        // What earlier tests left may go at any time and falsify a measurement, so a few are made; a row alone is 60 bytes.
        double each = 0;
        for (int attempt = 0; attempt < 10 && (each < 60 || each > 100); attempt++) each = BytesForEach(blocks);
        Assert.InRange(each, 60, 100);
    }

    private static double BytesForEach(int blocks)
    {
        GC.WaitForPendingFinalizers();
        long before = GC.GetTotalMemory(forceFullCollection: true);
        var known = new KnownBlocks();
        for (int i = 0; i < blocks; i++) known.Add(KnownBlocksTests.RowOf(7 * i + 1, 7 * i + 2), out _); // no shared hash codes
        double each = (double)(GC.GetTotalMemory(forceFullCollection: true) - before) / known.Count;
        TestContext.Current.TestOutputHelper?.WriteLine($"{each:0.0} bytes for each of {known.Count} blocks");
        GC.KeepAlive(known);
        return each;
    }
}
