using OsCircular.Agent.Control;

namespace OsCircular.Tests.Agent.Control;

public sealed class CacheTroubleTests
{
    private static readonly DateTimeOffset Since = new(new DateTime(2026, 11, 25, 12, 3, 0, DateTimeKind.Local));

    [Theory]
    [InlineData("readonly", "read-only since 2026-11-25 12:03: what it holds is read, nothing new is kept")]
    [InlineData("full", "full since 2026-11-25 12:03: what it holds is read, nothing new is kept")]
    [InlineData("failing", "failing since 2026-11-25 12:03: what it does not yield comes from elsewhere")]
    [InlineData("hanging", "hanging since 2026-11-25 12:03: reads pass it by")]
    [InlineData("gone", "gone since 2026-11-25 12:03: reads pass it by until its folder is back")]
    public void Text_OfTrouble_SaysSinceWhenAndWhatItMeans(string state, string text) => Assert.Equal(text, CacheTrouble.Text(Report(state, Since)));

    [Fact]
    public void Text_AllWell_IsOneWord() => Assert.Equal("ok", CacheTrouble.Text(Report("ok", null)));

    private static CacheReport Report(string state, DateTimeOffset? since) => new()
    {
        Directory = "/cache",
        State = state,
        StateSince = since,
        Catalog = "ready",
        Quota = 0,
        FreeSpaceFloor = 0,
        HeldBytes = 0,
        Blocks = 0,
        Damaged = 0,
        Healed = 0,
        NotHealed = 0,
        KeptAside = 0,
        KeptAsideBytes = 0,
        Evicted = 0,
        NotStored = 0,
    };
}
