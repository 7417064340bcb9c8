using OsCircular.Blocks;
using OsCircular.Cache;

namespace OsCircular.Tests.Cache;

public sealed class CacheDirectoryTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("oscircular-dir-").FullName;

    private string CachePath => Path.Combine(_folder, "a", "b", "cache");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Open_NothingThere_MakesTheTree()
    {
        using CacheDirectory cache = CacheDirectory.Open(CachePath);
        Assert.Equal(
            ["agent", "blocks", "indexes", "manifests", "profiles", "tmp"],
            Directory.GetDirectories(CachePath).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(cache.AgentPath));
    }

    [Fact]
    public void Open_Again_KeepsEverythingButTmp()
    {
        using (CacheDirectory cache = CacheDirectory.Open(CachePath))
        {
            cache.Head.Write("head"u8);
            cache.State("pins", 100).Write("pins"u8);
            File.WriteAllText(Path.Combine(cache.TemporaryPath, "left"), "over");
        }

        using CacheDirectory again = CacheDirectory.Open(CachePath);
        Assert.Equal("head"u8, again.Head.TryRead()!);
        Assert.Equal("pins"u8, again.State("pins", 100).TryRead()!);
        Assert.Empty(Directory.GetFiles(again.TemporaryPath));
        Assert.Equal("head"u8, File.ReadAllBytes(Path.Combine(CachePath, "head.minisig")));
    }

    [Fact]
    public void Open_HeldByAnother_NamesItsProcessAndTheNextStep()
    {
        using CacheDirectory first = CacheDirectory.Open(CachePath);
        File.WriteAllText(Path.Combine(first.TemporaryPath, "in use"), "");
        UserError error = Assert.Throws<UserError>(() => CacheDirectory.Open(CachePath));
        Assert.Contains($"in use by process {Environment.ProcessId};", error.Message, StringComparison.Ordinal);
        Assert.Contains("--cache", error.Message, StringComparison.Ordinal);
        Assert.Single(Directory.GetFiles(first.TemporaryPath));
    }

    [Fact]
    public void Open_AfterDispose_TakesTheLock()
    {
        CacheDirectory.Open(CachePath).Dispose();
        CacheDirectory.Open(CachePath).Dispose();
    }

    [Fact]
    public void Open_OverAFile_IsOneLine()
    {
        string file = Path.Combine(_folder, "file");
        File.WriteAllText(file, "");
        UserError error = Assert.Throws<UserError>(() => CacheDirectory.Open(file));
        Assert.Contains(file, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void RuntimeDirectory_AnySpellingOfThePath_IsTheSame()
    {
        Directory.CreateDirectory(CachePath);
        string link = Path.Combine(_folder, "link");
        File.CreateSymbolicLink(link, CachePath);
        string runtime = RuntimeDirectory.For(CachePath);
        Assert.Equal(runtime, RuntimeDirectory.For(link));
        Assert.Equal(runtime, RuntimeDirectory.For(CachePath + "/."));
        Assert.NotEqual(runtime, RuntimeDirectory.For(_folder));
    }

    [Fact]
    public void RuntimeDirectory_NoCache_NamesIt() =>
        Assert.Contains(CachePath, Assert.Throws<UserError>(() => RuntimeDirectory.For(CachePath)).Message, StringComparison.Ordinal);

    [Fact]
    public void RuntimeDirectory_Make_IsPrivate()
    {
        string made = RuntimeDirectory.Make(_folder);
        try
        {
            Assert.Equal(RuntimeDirectory.For(_folder), made);
            Assert.Equal(made, RuntimeDirectory.LastAt(_folder + "/"));
            Assert.Null(RuntimeDirectory.LastAt(CachePath));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(made));
        }
        finally
        {
            Directory.Delete(made);
        }
    }

    [Fact]
    public void Options_AllWrong_EveryErrorIsListed()
    {
        CacheOptions wrong = new() { Quota = 1, FreeSpaceFloor = -1, CatalogInterval = TimeSpan.Zero, RetryInterval = TimeSpan.FromDays(1), WatchInterval = TimeSpan.Zero, HangLimit = TimeSpan.Zero };
        Assert.Equal(6, wrong.Validate().Count);
        Assert.Empty(new CacheOptions().Validate());
    }

    [Theory]
    [InlineData(100L << 30, 90L << 30, 5L << 30)]
    [InlineData(1000L << 30, 900L << 30, 10L << 30)]
    public void Options_Defaults_FollowTheFileSystem(long size, long quota, long floor)
    {
        Assert.Equal(quota, new CacheOptions().QuotaOn(size));
        Assert.Equal(floor, new CacheOptions().FloorOn(size));
    }
}
