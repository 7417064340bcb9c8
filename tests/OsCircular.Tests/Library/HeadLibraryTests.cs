using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.Library;
using OsCircular.Sources;
using OsCircular.Tests.Indexes;

namespace OsCircular.Tests.Library;

public sealed class HeadLibraryTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly LibraryRig _rig = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _rig.Dispose();

    [Fact]
    public async Task Start_NewCache_AdoptsTheHighestHeadAndKeepsIt()
    {
        _rig.A.Head = _rig.Publish(3);
        _rig.B.Head = _rig.Publish(4, "2");
        using HeadLibrary library = await _rig.OpenAsync(null, _rig.A, _rig.B);
        Assert.Null(library.Current);

        AdoptedHead adopted = await library.StartAsync(Limit, Token);

        Assert.Same(adopted, library.Current);
        Assert.Equal(4, adopted.Head.Sequence);
        Assert.Equal("2", adopted.Manifest.Find(VersionReference.Parse("debian"))?.Name.ToString());
        Assert.Equal(Samples.Time, adopted.Adopted);
        Assert.Equal(_rig.B.Head, File.ReadAllBytes(_rig.HeadPath));
        Assert.True(Trust.TryParse(File.ReadAllBytes(_rig.TrustPath), out Trust? trust, out _));
        Assert.Equal(Trust.In(Samples.Key.PublicKey, adopted), trust);
    }

    [Fact]
    public async Task Start_AdoptedBefore_WorksOfflineForEver()
    {
        await AdoptAsync(_rig.Publish(3, expires: new DateOnly(2026, 12, 1)));
        _rig.A.Failure = SourceError.Unreachable;
        _rig.Time.Advance(TimeSpan.FromDays(400));

        using HeadLibrary library = await _rig.OpenAsync();
        Assert.Equal(3, library.Current?.Head.Sequence);
        await library.StartAsync(Limit, Token);

        Assert.Equal(Samples.Time, library.Current?.Adopted);
        Assert.Equal(new DateTimeOffset(2026, 12, 2, 0, 0, 0, TimeSpan.Zero), library.Status.StaleSince);
        Assert.Equal("http://a", Assert.Single(library.Status.Mirrors).Mirror);
    }

    [Fact]
    public async Task Start_NoMirrorAnswers_NamesEachWithItsCause()
    {
        _rig.A.Failure = SourceError.Unreachable;
        using HeadLibrary library = await _rig.OpenAsync(null, _rig.A, _rig.B);
        Task<AdoptedHead> start = library.StartAsync(Limit, Token);
        for (int i = 0; i < 40 && !start.IsCompleted; i++) _rig.Time.Advance(TimeSpan.FromSeconds(1));

        UserError error = await Assert.ThrowsAsync<UserError>(() => start);

        Assert.Contains("within 30 s", error.Message, StringComparison.Ordinal);
        Assert.Contains("http://a: cannot be reached", error.Message, StringComparison.Ordinal);
        Assert.Contains("http://b: has no head.minisig", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public async Task Start_MirrorComesUpLater_IsAdopted()
    {
        _rig.A.Failure = SourceError.Unreachable;
        using HeadLibrary library = await _rig.OpenAsync();
        Task<AdoptedHead> start = library.StartAsync(Limit, Token);
        _rig.A.Head = _rig.Publish(1);
        _rig.A.Failure = SourceError.None;
        _rig.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(1, (await start).Head.Sequence);
    }

    [Theory]
    [InlineData("expired", "expired at 2026-11-23T00:00Z")]
    [InlineData("key", "is signed with key FEDCBA9876543212")]
    [InlineData("garbage", "is not in minisign's format")]
    public async Task Start_HeadThatWaitingDoesNotMend_FailsAtOnceSayingWhy(string what, string expected)
    {
        _rig.A.Head = what switch
        {
            "expired" => _rig.Publish(1, expires: new DateOnly(2026, 11, 22)),
            "key" => _rig.Publish(1, key: Samples.OtherKey),
            _ => "<html>"u8.ToArray(),
        };
        using HeadLibrary library = await _rig.OpenAsync();

        UserError error = await Assert.ThrowsAsync<UserError>(() => library.StartAsync(Limit, Token));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains("http://a", error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(_rig.HeadPath) || File.Exists(_rig.TrustPath));
    }

    [Fact]
    public async Task Start_MirrorOfAnotherRepositoryOnAUsedCache_IsAnError()
    {
        await AdoptAsync(_rig.Publish(3));
        _rig.A.Head = _rig.Publish(9, repository: new RepositoryId(7));
        using HeadLibrary library = await _rig.OpenAsync();

        UserError error = await Assert.ThrowsAsync<UserError>(() => library.StartAsync(Limit, Token));

        Assert.Contains("use another --cache", error.Message, StringComparison.Ordinal);
        Assert.Equal(3, library.Current?.Head.Sequence);
    }

    [Fact]
    public async Task Start_MirrorThatNeverAnswersBesideAGoodOne_WaitsNotForIt()
    {
        _rig.A.Head = _rig.Publish(1);
        using HeadLibrary library = await _rig.OpenAsync(null, new SilentMirror(), _rig.A);
        Task<AdoptedHead> start = library.StartAsync(Limit, Token);
        Assert.False(start.IsCompleted);
        _rig.Time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(1, (await start).Head.Sequence);
        Assert.Contains("did not answer in time", library.Status.Mirrors[0].Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_AnotherKey_SaysWhichIsTrusted()
    {
        await AdoptAsync(_rig.Publish(3));
        UserError error = await Assert.ThrowsAsync<UserError>(() => _rig.OpenAsync(Samples.OtherKey.PublicKey));
        Assert.Contains(Samples.Key.PublicKey.ToString(), error.Message, StringComparison.Ordinal);
        Assert.Contains("--cache", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_DamagedTrust_IsAnErrorAndNotForgotten()
    {
        await AdoptAsync(_rig.Publish(3));
        File.WriteAllText(_rig.TrustPath, "{");
        UserError error = await Assert.ThrowsAsync<UserError>(() => _rig.OpenAsync());
        Assert.Contains(_rig.TrustPath, error.Message, StringComparison.Ordinal);
        Assert.Equal("{", File.ReadAllText(_rig.TrustPath));
    }

    [Theory]
    [InlineData("lost")]
    [InlineData("torn")]
    [InlineData("old")]
    public async Task Open_HeadFileLostTornOrOld_TrustStillRefusesOldHeads(string what)
    {
        byte[] old = _rig.Publish(3);
        byte[] newest = _rig.Publish(4, "2");
        await AdoptAsync(newest);
        if (what == "lost") File.Delete(_rig.HeadPath);
        else File.WriteAllBytes(_rig.HeadPath, what == "torn" ? newest[..100] : old);

        using HeadLibrary library = await _rig.OpenAsync();
        Assert.Null(library.Current);
        _rig.A.Head = old;
        UserError error = await Assert.ThrowsAsync<UserError>(() => library.StartAsync(Limit, Token));
        Assert.Contains("has sequence 3, lower than 4", error.Message, StringComparison.Ordinal);

        _rig.A.Head = newest;
        Assert.Equal(4, (await library.StartAsync(Limit, Token)).Head.Sequence);
    }

    [Fact]
    public async Task Open_KilledBetweenHeadAndTrust_TakesTheHead()
    {
        await AdoptAsync(_rig.Publish(3));
        File.WriteAllBytes(_rig.HeadPath, _rig.Publish(4, "2", expires: new DateOnly(2026, 11, 1)));

        using HeadLibrary library = await _rig.OpenAsync();

        Assert.Equal(4, library.Current?.Head.Sequence);
        Assert.True(Trust.TryParse(File.ReadAllBytes(_rig.TrustPath), out Trust? trust, out _));
        Assert.Equal(4, trust.Sequence);
    }

    [Fact]
    public async Task Refresh_NewerHead_IsAdoptedAndAnnouncedOnce()
    {
        using HeadLibrary library = await AdoptAsync(_rig.Publish(3));
        List<long> announced = [];
        library.Adopted += adopted =>
        {
            Assert.Same(library.Current, adopted);
            announced.Add(adopted.Head.Sequence);
        };

        _rig.A.Head = _rig.Publish(5, "2");
        await library.RefreshAsync(Limit, Token);
        await library.RefreshAsync(Limit, Token);

        Assert.Equal([5], announced);
        Assert.Equal(_rig.Time.GetUtcNow(), library.Status.LastRefresh);
        Assert.Null(Assert.Single(library.Status.Mirrors).Problem);
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public async Task Refresh_ManifestOrRootNotThere_KeepsTheOldHeadTillItIs(bool withManifest, bool withRoot)
    {
        using HeadLibrary library = await AdoptAsync(_rig.Publish(3));
        _rig.A.Head = _rig.Publish(4, "2", withManifest: withManifest, withRoot: withRoot);

        LibraryStatus status = await library.RefreshAsync(Limit, Token);
        Assert.Equal(HeadRefusalReason.Incomplete, status.Mirrors[0].Refusal?.Reason);
        Assert.Equal(3, library.Current?.Head.Sequence);

        _rig.Publish(4, "2");
        await library.RefreshAsync(Limit, Token);
        Assert.Equal(4, library.Current?.Head.Sequence);
    }

    [Fact]
    public async Task Refresh_HighestIsIncomplete_TakesTheNextThatIsNewer()
    {
        using HeadLibrary library = await AdoptAsync(_rig.Publish(3), _rig.A, _rig.B);
        _rig.A.Head = _rig.Publish(6, "3", withRoot: false);
        _rig.B.Head = _rig.Publish(5, "2");
        await library.RefreshAsync(Limit, Token);
        Assert.Equal(5, library.Current?.Head.Sequence);
    }

    [Theory]
    [InlineData(2, "1", HeadRefusalReason.LowerSequence)]
    [InlineData(3, "2", HeadRefusalReason.Fork)]
    public async Task Refresh_HeadThatMayNotBeAdopted_IsRefusedAndNothingChanges(long sequence, string version, HeadRefusalReason reason)
    {
        using HeadLibrary library = await AdoptAsync(_rig.Publish(3));
        byte[] kept = File.ReadAllBytes(_rig.HeadPath);
        _rig.A.Head = _rig.Publish(sequence, version);

        LibraryStatus status = await library.RefreshAsync(Limit, Token);

        Assert.Equal(reason, Assert.Single(status.Mirrors).Refusal?.Reason);
        Assert.Equal(3, library.Current?.Head.Sequence);
        Assert.Equal(kept, File.ReadAllBytes(_rig.HeadPath));
    }

    [Fact]
    public async Task Refresh_ManifestOfANewerFormat_IsRefusedAsNewer()
    {
        using HeadLibrary library = await AdoptAsync(_rig.Publish(3));
        byte[] manifest = "{\"format\": 2}"u8.ToArray();
        _rig.Documents.Add(DocumentKind.Manifest, manifest);
        _rig.A.Head = Head.Sign(Samples.Key, Samples.Repository, 4, manifest, null);
        Assert.Equal(HeadRefusalReason.Newer, (await library.RefreshAsync(Limit, Token)).Mirrors[0].Refusal?.Reason);
    }

    [Fact]
    public async Task Refresh_ManifestOfAnotherRepositoryOrALaterSequence_IsMalformed()
    {
        using HeadLibrary library = await AdoptAsync(_rig.Publish(3));
        foreach (Manifest manifest in new[] { new Manifest(new RepositoryId(7), 1, []), new Manifest(Samples.Repository, 5, []) })
        {
            _rig.Documents.Add(DocumentKind.Manifest, manifest.ToBytes());
            _rig.A.Head = Head.Sign(Samples.Key, Samples.Repository, 4, manifest.ToBytes(), null);
            Assert.Equal(HeadRefusalReason.Malformed, (await library.RefreshAsync(Limit, Token)).Mirrors[0].Refusal?.Reason);
        }
    }

    [Fact]
    public async Task Refresh_DiskDoesNotTakeTheHead_IsServedAllTheSameAndSavedLater()
    {
        using HeadLibrary library = await AdoptAsync(_rig.Publish(3));
        File.Delete(_rig.HeadPath);
        Directory.CreateDirectory(_rig.HeadPath);
        _rig.A.Head = _rig.Publish(4, "2");

        Assert.False((await library.RefreshAsync(Limit, Token)).Saved);
        Assert.Equal(4, library.Current?.Head.Sequence);

        Directory.Delete(_rig.HeadPath);
        Assert.True((await library.RefreshAsync(Limit, Token)).Saved);
        Assert.Equal(_rig.A.Head, File.ReadAllBytes(_rig.HeadPath));
    }

    [Fact]
    public async Task Start_NoMirrorAndNoHead_SaysWhatToGive()
    {
        using HeadLibrary library = await HeadLibrary.OpenAsync(
            Samples.Key.PublicKey,
            new(_rig.HeadPath, 4096, Path.GetTempPath()),
            new(_rig.TrustPath, 4096, Path.GetTempPath()),
            _rig.Documents,
            [],
            _rig.Time,
            Microsoft.Extensions.Logging.Abstractions.NullLogger<HeadLibrary>.Instance,
            Token);
        Assert.Contains("--mirror", (await Assert.ThrowsAsync<UserError>(() => library.StartAsync(Limit, Token))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_Cancelled_EndsAtOnce()
    {
        using HeadLibrary library = await _rig.OpenAsync(null, new SilentMirror());
        using CancellationTokenSource cancel = new();
        Task<AdoptedHead> start = library.StartAsync(Limit, cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => start);
    }

    private async Task<HeadLibrary> AdoptAsync(byte[] head, params IHeadSource[] mirrors)
    {
        _rig.A.Head = head;
        HeadLibrary library = await _rig.OpenAsync(null, mirrors);
        await library.StartAsync(Limit, Token);
        return library;
    }

    private sealed class SilentMirror : IHeadSource
    {
        public string Name => "http://silent";

        public async ValueTask<FetchedHead> FetchHeadAsync(Deadline deadline, CancellationToken cancellationToken)
        {
            TaskCompletionSource cancelled = new();
            await using CancellationTokenRegistration registration = cancellationToken.Register(cancelled.SetResult);
            await cancelled.Task;
            return SourceError.Cancelled;
        }
    }
}
