using Microsoft.Extensions.Time.Testing;
using OsCircular.Blocks;
using OsCircular.Mirrors;
using OsCircular.Sources;
using OsCircular.TestKit.Mirrors;
using OsCircular.TestKit.Sources;

namespace OsCircular.Tests.Mirrors;

public sealed class MirrorSourceTests
{
    private static readonly byte[] TheBlock = TestBlocks.Make(1);
    private static readonly byte[] WrongBytes = TestBlocks.Make(2);
    private readonly FakeTimeProvider _time = new();

    [Theory]
    [InlineData(SourceError.Missing)]
    [InlineData(SourceError.Unreachable)]
    [InlineData(SourceError.Refused)]
    [InlineData(SourceError.TimedOut)]
    [InlineData(SourceError.Invalid)]
    public async Task Fetch_FirstMirrorFails_TheNextIsAskedAtOnce(SourceError error)
    {
        using MirrorSource source = Over(ScriptedMirror.Always("a", error), ScriptedMirror.Holding("b", TheBlock));
        Assert.Equal(SourceError.None, await FetchAsync(source));
    }

    [Fact]
    public async Task Fetch_AllSayMissing_IsMissingAtOnceAfterOneRound()
    {
        ScriptedMirror[] mirrors = [ScriptedMirror.Holding("a"), ScriptedMirror.Holding("b"), ScriptedMirror.Holding("c")];
        using MirrorSource source = Over(mirrors);
        Assert.Equal(SourceError.Missing, await FetchAsync(source));
        Assert.All(mirrors, mirror => Assert.Single(mirror.Calls));
    }

    [Fact]
    public async Task Fetch_WrongBytesFromAProxy_AsksTheSameMirrorOnceMorePastIt()
    {
        var mirror = new ScriptedMirror("a", call => ValueTask.FromResult(call.Give(call.NoCache ? TheBlock : WrongBytes)));
        ScriptedMirror other = ScriptedMirror.Holding("b", TheBlock);
        using MirrorSource source = Over(mirror, other);
        Assert.Equal(SourceError.None, await FetchAsync(source));
        Assert.Equal([false, true], mirror.Calls.Select(call => call.NoCache));
        Assert.Empty(other.Calls);
    }

    [Fact]
    public async Task Fetch_WrongBytesTwice_MovesOnAndNamesTheMirrorInItsStatus()
    {
        ScriptedMirror mirror = Wrong("http://a");
        using MirrorSource source = Over(mirror, ScriptedMirror.Holding("b", TheBlock));
        Assert.Equal(SourceError.None, await FetchAsync(source));
        Assert.Equal(2, mirror.Calls.Count);
        MirrorStatus status = source.Statuses[0];
        Assert.Equal("http://a", status.Name);
        Assert.Equal(2, status.Failures[SourceError.Invalid]);
        Assert.Contains("wrong bytes", status.LastError);
    }

    [Fact]
    public async Task Fetch_MirrorGivesWrongBytesAgainAndAgain_IsRestedAndTheOtherServes()
    {
        ScriptedMirror wrong = Wrong("a");
        using MirrorSource source = Over(wrong, ScriptedMirror.Holding("b", TheBlock));
        for (int i = 0; i < 50; i++) Assert.Equal(SourceError.None, await FetchAsync(source));
        Assert.InRange(wrong.Calls.Count, 2, 10);
    }

    [Theory]
    [InlineData(SourceError.Missing, SourceError.Unreachable, SourceError.Unreachable)]
    [InlineData(SourceError.Missing, SourceError.Invalid, SourceError.Invalid)]
    [InlineData(SourceError.Invalid, SourceError.Unreachable, SourceError.Invalid)]
    [InlineData(SourceError.Refused, SourceError.Missing, SourceError.Refused)]
    public async Task Fetch_MirrorsFailDifferently_TellsTheMostTelling(SourceError first, SourceError second, SourceError expected)
    {
        using MirrorSource source = Over(new MirrorOptions { Grace = TimeSpan.Zero }, ScriptedMirror.Always("a", first), ScriptedMirror.Always("b", second));
        Assert.Equal(expected, await FetchAsync(source));
    }

    [Fact]
    public async Task Fetch_MirrorRestartsWithinTheGrace_WaitsForIt()
    {
        long start = _time.GetTimestamp();
        var mirror = new ScriptedMirror("a", call => ValueTask.FromResult(
            _time.GetElapsedTime(start) < TimeSpan.FromSeconds(3) ? SourceError.Unreachable : call.Give(TheBlock)));
        using MirrorSource source = Over(mirror);
        Assert.Equal(SourceError.None, await RunAsync(FetchAsync(source)));
        Assert.InRange(mirror.Calls.Count, 2, 20);
    }

    [Fact]
    public async Task Fetch_NoNetwork_FailsAtOnceOnceTheOutageIsOldAndAsksNextToNothing()
    {
        ScriptedMirror[] mirrors = [ScriptedMirror.Always("a", SourceError.Unreachable), ScriptedMirror.Always("b", SourceError.Unreachable)];
        using MirrorSource source = Over(mirrors);
        Task<SourceError> first = FetchAsync(source);
        long start = _time.GetTimestamp();
        Assert.Equal(SourceError.Unreachable, await RunAsync(first));
        Assert.InRange(_time.GetElapsedTime(start), TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(8));

        int before = mirrors.Sum(mirror => mirror.Calls.Count);
        for (int i = 0; i < 1000; i++) Assert.Equal(SourceError.Unreachable, await FetchAsync(source));
        Assert.InRange(mirrors.Sum(mirror => mirror.Calls.Count) - before, 0, 10);
        Assert.All(source.Statuses, status => Assert.Equal(MirrorState.Resting, status.State));
    }

    [Fact]
    public async Task Fetch_MirrorIsBackAfterALongOutage_IsFoundWithinTheRest()
    {
        bool back = false;
        var mirror = new ScriptedMirror("a", call => ValueTask.FromResult(back ? call.Give(TheBlock) : SourceError.Unreachable));
        using MirrorSource source = Over(mirror);
        await RunAsync(FetchAsync(source));
        for (int i = 0; i < 10; i++) await FetchAsync(source);
        back = true;
        _time.Advance(TimeSpan.FromSeconds(2.1));
        Assert.Equal(SourceError.None, await FetchAsync(source));
        Assert.Equal(MirrorState.Ready, source.Statuses[0].State);
    }

    [Fact]
    public async Task Fetch_FirstMirrorSwallowsEverything_TheSecondIsTriedWithinTheFirstHalf()
    {
        ScriptedMirror second = ScriptedMirror.Holding("b", TheBlock);
        using MirrorSource source = Over(new MirrorOptions { HedgeShare = 0 }, Hanging("a"), second);
        Task<SourceError> fetch = FetchAsync(source);
        _time.Advance(TimeSpan.FromSeconds(14));
        Assert.Empty(second.Calls);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(SourceError.None, await RunAsync(fetch));
    }

    [Fact]
    public async Task Fetch_AllSwallowEverything_TimesOutAtTheDeadline()
    {
        using MirrorSource source = Over(Hanging("a"), Hanging("b"));
        long start = _time.GetTimestamp();
        Assert.Equal(SourceError.TimedOut, await RunAsync(FetchAsync(source)));
        Assert.InRange(_time.GetElapsedTime(start), TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(61));
    }

    [Fact]
    public async Task Fetch_Cancelled_EndsTheAttempt()
    {
        ScriptedMirror mirror = Hanging("a");
        using MirrorSource source = Over(mirror);
        using var cancel = new CancellationTokenSource();
        Task<Fetched> fetch = source.FetchAsync(TestBlocks.Request(TheBlock, time: _time), new byte[TheBlock.Length], cancel.Token).AsTask();
        await cancel.CancelAsync();
        Assert.Equal(SourceError.Cancelled, (await fetch).Error);
        Assert.Equal(0, mirror.Running);
        Assert.Empty(source.Statuses[0].Failures);
    }

    [Fact]
    public async Task Fetch_ManyAtOnce_KeepsToTheConnectionsOfAMirror()
    {
        var gate = new TaskCompletionSource();
        var mirror = new ScriptedMirror("a", call => call.HoldAsync(gate.Task, () => call.Give(TheBlock)));
        using MirrorSource source = Over(new MirrorOptions { Connections = 3 }, mirror);
        Task<SourceError>[] fetches = [.. Enumerable.Range(0, 20).Select(_ => FetchAsync(source))];
        Assert.Equal(3, mirror.Running);
        gate.SetResult();
        Assert.All(await Task.WhenAll(fetches), error => Assert.Equal(SourceError.None, error));
        Assert.Equal(3, mirror.MostRunning);
    }

    [Fact]
    public async Task FetchDocument_FirstHasWrongBytes_ComesFromTheSecond()
    {
        byte[] page = TestBlocks.Make(3, 30_000);
        var name = new DocumentName(DocumentKind.IndexPage, Digest.Of(page));
        using MirrorSource source = Over(Wrong("a"), new ScriptedMirror("b", call => ValueTask.FromResult(call.Path == name.Path ? call.Give(page) : SourceError.Missing)));
        FetchedDocument fetched = await source.FetchAsync(name, Deadline.In(TimeSpan.FromSeconds(60), _time), default);
        Assert.Equal(SourceError.None, fetched.Error);
        Assert.True(fetched.Bytes.Span.SequenceEqual(page));
    }

    [Fact]
    public async Task FetchDocument_LongerThanItsKindAllows_IsInvalid()
    {
        byte[] page = new byte[65 * 1024];
        var name = new DocumentName(DocumentKind.IndexPage, Digest.Of(page));
        using MirrorSource source = Over(new ScriptedMirror("a", call => ValueTask.FromResult(call.Give(page))));
        Assert.Equal(SourceError.Invalid, (await source.FetchAsync(name, Deadline.In(TimeSpan.FromSeconds(60), _time), default)).Error);
    }

    [Fact]
    public async Task Heads_EachMirror_GivesItsOwnPastAllCaches()
    {
        var mirrors = new[] { Head("http://a", [1]), Head("http://b", [2, 2]), ScriptedMirror.Always("http://c", SourceError.Unreachable) };
        using MirrorSource source = Over(mirrors);
        var heads = new List<FetchedHead>();
        foreach (IHeadSource head in source.Heads) heads.Add(await head.FetchHeadAsync(Deadline.In(TimeSpan.FromSeconds(5), _time), default));
        Assert.Equal([SourceError.None, SourceError.None, SourceError.Unreachable], heads.Select(head => head.Error));
        Assert.Equal(new byte[] { 2, 2 }, heads[1].Bytes.ToArray());
        Assert.Equal("http://b", source.Heads[1].Name);
        Assert.True(mirrors[0].Calls[0].NoCache);
        Assert.Single(mirrors[2].Calls);
    }

    [Fact]
    public void Constructor_TooManyMirrors_IsAUserError()
    {
        ScriptedMirror[] mirrors = [.. Enumerable.Range(0, 12).Select(i => Hanging($"m{i}"))];
        Assert.Contains("11", Assert.Throws<UserError>(() => Over(mirrors)).Message);
    }

    private static ScriptedMirror Wrong(string name) => new(name, call => ValueTask.FromResult(call.Give(WrongBytes)));

    private static ScriptedMirror Hanging(string name) => new(name, call => call.HoldAsync(new TaskCompletionSource().Task, () => SourceError.None));

    private static ScriptedMirror Head(string name, byte[] bytes) => new(name, call => ValueTask.FromResult(call.Path == "head.minisig" ? call.Give(bytes) : SourceError.Missing));

    private MirrorSource Over(params IMirror[] mirrors) => Over(new MirrorOptions(), mirrors);

    private MirrorSource Over(MirrorOptions options, params IMirror[] mirrors) => TestMirrors.Over(mirrors, options with { ExploreShare = 0 }, _time);

    private async Task<SourceError> FetchAsync(MirrorSource source)
    {
        byte[] buffer = new byte[TheBlock.Length];
        Fetched fetched = await source.FetchAsync(TestBlocks.Request(TheBlock, time: _time), buffer, TestContext.Current.CancellationToken);
        if (fetched.Succeeded) Assert.Equal(TheBlock, buffer);
        return fetched.Error;
    }

    private Task<T> RunAsync<T>(Task<T> task) => TestMirrors.RunAsync(_time, task);
}
