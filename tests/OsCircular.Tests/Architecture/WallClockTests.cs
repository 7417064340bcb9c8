using System.Text.RegularExpressions;

namespace OsCircular.Tests.Architecture;

/// <summary>The wall clock jumps: it is asked for dates that people read and signed heads name, and by nobody who waits.</summary>
public sealed partial class WallClockTests
{
    // Each with what it wants a date for.
    private static readonly string[] Allowed =
    [
        "src/OsCircular.Agent/Demo/DemoRun.cs",
        "src/OsCircular/Cache/BlockInventory.cs", // when a block was last used, for people
        "src/OsCircular/Cache/CacheHealth.cs", // since when the disk is in trouble
        "src/OsCircular/Cache/Repair/DamagedFolder.cs", // on which day a damaged file was set aside, over restarts
        "src/OsCircular/Cache/Repair/Scrub.cs", // when a round began, over restarts
        "src/OsCircular/Library/HeadLibrary.cs", // expiry, and when a head was adopted
        "src/OsCircular/Library/Retaining/RetainedVersions.cs", // since when a version is retired of which nobody said
        "src/OsCircular/Peers/PeerService.cs", // on which day a peer was seen
        "src/OsCircular/Publishing/Collecting/Collector.cs", // when a version was retired, and whether its grace is over
        "src/OsCircular/Publishing/Keys/KeyKeeper.cs",
        "src/OsCircular/Publishing/Publisher.cs", // when it was published, and until when it holds
        "src/OsCircular/Publishing/Signer.cs",
        "src/OsCircular/Sources/Rates/RateCap.cs", // the hour of the day, by which a cap may change
    ];

    [Fact]
    public void GetUtcNow_InTheSources_IsAskedByTheseOnly()
    {
        string[] asking = [.. Repository.Files("src", "*.cs").Where(file => WallClock().IsMatch(File.ReadAllText(Repository.PathOf(file))))];
        Assert.NotEmpty(asking);
        Assert.Empty(asking.Except(Allowed));
    }

    [GeneratedRegex(@"\.Get(Utc|Local)Now\(")]
    private static partial Regex WallClock();
}
