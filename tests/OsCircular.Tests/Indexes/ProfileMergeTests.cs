using CsCheck;
using OsCircular.Indexes;

namespace OsCircular.Tests.Indexes;

public sealed class ProfileMergeTests
{
    private static readonly Gen<long[][]> Runs = Gen.Long[0, 40].Array[0, 60].Select(blocks => blocks.Distinct().ToArray()).Array[1, 7];

    [Fact]
    public void Merge_OneRun_IsThatRun() => Runs.Sample(runs => Assert.Equal(runs[0], ProfileMerge.Merge([runs[0]]).Blocks));

    [Fact]
    public void Merge_AnyRuns_KeepsJustWhatRecursInMoreThanHalf() => Runs.Sample(runs =>
    {
        IReadOnlyList<long> merged = ProfileMerge.Merge(runs).Blocks;
        Assert.Equal(merged.Count, merged.Distinct().Count());
        IEnumerable<long> expected = runs.SelectMany(run => run).Distinct().Where(block => 2 * Count(runs, block) > runs.Length);
        Assert.Equal(expected.Order(), merged.Order());
    });

    [Fact]
    public void Merge_AnyRuns_TheMoreOftenComesFirst() => Runs.Sample(runs =>
    {
        int[] counts = [.. ProfileMerge.Merge(runs).Blocks.Select(block => Count(runs, block))];
        Assert.Equal(counts.OrderDescending(), counts);
    });

    [Fact]
    public void Merge_TwoBlocksInTheSameOrderInAllRuns_KeepThatOrder() => Runs.Sample(runs =>
    {
        IReadOnlyList<long> merged = ProfileMerge.Merge(runs).Blocks;
        long[] always = [.. merged.Where(block => Count(runs, block) == runs.Length)];
        for (int i = 0; i < always.Length; i++)
        {
            for (int j = i + 1; j < always.Length; j++)
                Assert.Contains(runs, run => Array.IndexOf(run, always[i]) < Array.IndexOf(run, always[j]));
        }
    });

    [Fact]
    public void Merge_RunsInAnotherOrder_IsTheSame() =>
        Runs.Sample(runs => Assert.Equal(ProfileMerge.Merge(runs).Blocks, ProfileMerge.Merge([.. runs.Reverse()]).Blocks));

    [Fact]
    public void Merge_ThreeBoots_LeavesOutWhatChanceRead() =>
        Assert.Equal([0, 100, 4, 7], ProfileMerge.Merge([[0, 100, 4, 40], [0, 4, 100, 7], [0, 100, 4, 7, 9]]).Blocks);

    private static int Count(long[][] runs, long block) => runs.Count(run => run.Contains(block));
}
