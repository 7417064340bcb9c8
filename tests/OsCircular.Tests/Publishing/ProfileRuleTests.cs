using CsCheck;
using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.Publishing;

namespace OsCircular.Tests.Publishing;

public sealed class ProfileRuleTests
{
    private const int Size = BlockGeometry.MinBlockSize;

    [Fact]
    public void Fit_AnyDisk_KeepsWhatHasContentThereInItsOrder() =>
        Gen.Select(Gen.Long[0, 60].Array[0, 40], Gen.Int[1, 60], Gen.Int[0, 60].Array[0, 60]).Sample((positions, blocks, zeros) =>
        {
            long[] profile = [.. positions.Distinct()];
            HashSet<long> empty = [.. zeros.Select(zero => (long)zero)];
            bool HasContent(long block)
            {
                Assert.InRange(block, 0, blocks - 1);
                return !empty.Contains(block);
            }

            BootProfile? fitting = ProfileRule.Fit(profile, Size, new BlockGeometry((long)blocks * Size, Size), HasContent);

            long[] expected = [.. profile.Where(block => block < blocks && !empty.Contains(block))];
            Assert.Equal(expected, fitting?.Blocks ?? []);
            Assert.Equal(expected.Length == 0, fitting is null);
        });

    [Fact]
    public void Fit_OtherBlockSize_IsNone() => Assert.Null(ProfileRule.Fit([1, 2], 2 * Size, new BlockGeometry(8L * Size, Size), _ => true));
}
