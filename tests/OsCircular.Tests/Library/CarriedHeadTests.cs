using OsCircular.Indexes;
using OsCircular.Library;

namespace OsCircular.Tests.Library;

/// <summary>A head that somebody carries here is adopted by the rules for every head; only its expiry may be waived.</summary>
public sealed class CarriedHeadTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private static readonly DateOnly Past = new(2026, 1, 1);

    private readonly LibraryRig _rig = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _rig.Dispose();

    [Theory]
    [InlineData(2, "1", null)]
    [InlineData(1, "2", HeadRefusalReason.LowerSequence)]
    [InlineData(2, "2", HeadRefusalReason.Fork)]
    [InlineData(3, "2", null)]
    public async Task Adopt_AfterAnother_KeepsTheRules(long sequence, string version, HeadRefusalReason? expected)
    {
        using HeadLibrary library = await _rig.OpenAsync();
        Assert.Null(await library.AdoptAsync(LibraryRig.Open(_rig.Publish(2)), evenExpired: false, Limit, Token));
        int told = 0;
        library.Adopted += _ => told++;

        Head head = LibraryRig.Open(_rig.Publish(sequence, version));

        // Waiving the expiry waives nothing else.
        foreach (bool evenExpired in (bool[])[true, false])
        {
            Assert.Equal(expected, library.Judge(head, evenExpired)?.Reason);
            Assert.Equal(expected, (await library.AdoptAsync(head, evenExpired, Limit, Token))?.Reason);
        }

        Assert.Equal(expected is null ? sequence : 2, library.Current?.Head.Sequence);
        Assert.Equal(expected is null && sequence > 2 ? 1 : 0, told);
    }

    [Fact]
    public async Task Adopt_OfAnotherRepository_IsRefused()
    {
        using HeadLibrary library = await _rig.OpenAsync();
        await library.AdoptAsync(LibraryRig.Open(_rig.Publish(2)), evenExpired: false, Limit, Token);
        Head other = LibraryRig.Open(_rig.Publish(9, repository: new RepositoryId(7)));
        Assert.Equal(HeadRefusalReason.OtherRepository, (await library.AdoptAsync(other, evenExpired: true, Limit, Token))?.Reason);
    }

    [Fact]
    public async Task Adopt_Expired_OnlyWhenToldAndThenForEver()
    {
        Head expired = LibraryRig.Open(_rig.Publish(2, expires: Past));
        using (HeadLibrary library = await _rig.OpenAsync())
        {
            Assert.Equal(HeadRefusalReason.Expired, (await library.AdoptAsync(expired, evenExpired: false, Limit, Token))?.Reason);
            Assert.Null(library.Current);
            Assert.Null(await library.AdoptAsync(expired, evenExpired: true, Limit, Token));
        }

        using HeadLibrary later = await _rig.OpenAsync();
        Assert.Equal(2, later.Current?.Head.Sequence);
        Assert.NotNull(later.Status.StaleSince);
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public async Task Adopt_ManifestOrRootNotThere_WaitsForIt(bool withManifest, bool withRoot)
    {
        using HeadLibrary library = await _rig.OpenAsync();
        Head head = LibraryRig.Open(_rig.Publish(2, withManifest: withManifest, withRoot: withRoot));
        Assert.Equal(HeadRefusalReason.Incomplete, (await library.AdoptAsync(head, evenExpired: false, Limit, Token))?.Reason);
        Assert.Null(library.Current);
        _rig.Publish(2);
        Assert.Null(await library.AdoptAsync(head, evenExpired: false, Limit, Token));
        Assert.Equal(2, library.Current?.Head.Sequence);
    }
}
