using CsCheck;
using OsCircular.Blocks;
using OsCircular.Disks.Booting;

namespace OsCircular.Tests.Disks.Booting;

public sealed class BootRuleTests
{
    private static readonly HashSet<long> Profile = [.. Enumerable.Range(0, 100).Select(block => (long)block)];

    [Fact]
    public void GoesElsewhere_AnyTouches_WhereFewerThanAQuarterOfTheLastAreKnown() => Gen.Long[0, 400].Array[0, 100].Sample(touches =>
    {
        long[] last = [.. touches.TakeLast(BootRule.Window)];
        bool expected = touches.Length >= BootRule.Window && last.Count(block => block < 100) * 4 < BootRule.Window;
        Assert.Equal(expected, BootRule.GoesElsewhere(touches, Profile));
    });

    [Fact]
    public void GoesElsewhere_OneTouchMoreInTheProfile_NeverMakesItSo() => Gen.Long[0, 400].Array[BootRule.Window, BootRule.Window].Sample(touches =>
    {
        bool before = BootRule.GoesElsewhere(touches, Profile);
        touches[^1] = 0;
        Assert.True(before || !BootRule.GoesElsewhere(touches, Profile));
    });

    [Theory]
    [InlineData(BlockGeometry.MinBlockSize, 16)]
    [InlineData(BlockGeometry.DefaultBlockSize, 16)]
    [InlineData(1 << 20, 4)]
    [InlineData(BlockGeometry.MaxBlockSize, 2)]
    public void InFlight_BlockSize_BoundsTheBytes(int blockSize, int expected) => Assert.Equal(expected, BootRule.InFlight(blockSize));
}
