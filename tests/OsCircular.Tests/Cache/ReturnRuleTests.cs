using OsCircular.Cache;

namespace OsCircular.Tests.Cache;

public sealed class ReturnRuleTests
{
    private static readonly FileIdentity Before = new(8, 1, 100, 0);
    private static readonly FileIdentity Emptied = new(8, 1, 101, 0);
    private static readonly FileIdentity Elsewhere = new(8, 2, 100, 0);

    [Fact]
    public void MayReturn_CacheOnWhateverDevice_Yes() => Assert.True(ReturnRule.MayReturn(Before, Elsewhere, Elsewhere, wasCache: true));

    [Fact]
    public void MayReturn_OtherFolderOnTheSameDisk_Yes() => Assert.True(ReturnRule.MayReturn(Before, Emptied, Emptied, wasCache: false));

    [Fact]
    public void MayReturn_MountPointOfADiskThatIsNotMounted_No() => Assert.False(ReturnRule.MayReturn(Before, Elsewhere, Elsewhere, wasCache: false));

    [Fact]
    public void MayReturn_RemovedOnADiskThatStayed_Yes() => Assert.True(ReturnRule.MayReturn(Before, null, Emptied, wasCache: false));

    [Fact]
    public void MayReturn_RemovedWithItsDisk_No()
    {
        Assert.False(ReturnRule.MayReturn(Before, null, Elsewhere, wasCache: false));
        Assert.False(ReturnRule.MayReturn(Before, null, null, wasCache: false));
    }
}
