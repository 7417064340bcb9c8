using Microsoft.Extensions.Time.Testing;
using OsCircular.Mirrors;
using OsCircular.Sources;
using OsCircular.TestKit;
using OsCircular.TestKit.Mirrors;
using OsCircular.TestKit.Sources;

namespace OsCircular.Tests.Mirrors;

public sealed class MirrorHedgingTests
{
    private static readonly byte[] TheBlock = TestBlocks.Make(1);
    private readonly FakeTimeProvider _time = new();
    private readonly TaskCompletionSource _gate = new();

    [Fact]
    public async Task Fetch_FirstByteOverdue_AsksASecondMirrorAndLeavesTheFirst()
    {
        ScriptedMirror slow = Slow("a");
        ScriptedMirror quick = ScriptedMirror.Holding("b", TheBlock);
        using MirrorSource source = Over(slow, quick);
        byte[] buffer = new byte[TheBlock.Length];
        Task<Fetched> fetch = FetchAsync(source, FetchClass.Reader, buffer);
        _time.Advance(TimeSpan.FromMilliseconds(900));
        Assert.Empty(quick.Calls);
        _time.Advance(TimeSpan.FromMilliseconds(200));
        Assert.True((await fetch).Succeeded);
        Assert.Equal(TheBlock, buffer);
        Assert.Equal(0, slow.Running);
        Assert.Empty(source.Statuses[0].Failures);
    }

    [Fact]
    public async Task Fetch_SecondIsAskedAndTheFirstAnswersAfterAll_TheFirstWins()
    {
        ScriptedMirror slow = Slow("a");
        ScriptedMirror slower = new("b", call => call.HoldAsync(new TaskCompletionSource().Task, () => SourceError.None));
        using MirrorSource source = Over(slow, slower);
        Task<Fetched> fetch = FetchAsync(source);
        _time.Advance(TimeSpan.FromSeconds(2));
        await Eventually.IsSoAsync(() => slower.Calls.Count > 0);
        _gate.SetResult();
        Assert.True((await fetch).Succeeded);
        Assert.Equal(0, slower.Running);
    }

    [Fact]
    public async Task Fetch_SecondHasWrongBytes_TheFirstIsStillAwaited()
    {
        ScriptedMirror wrong = new("b", call => ValueTask.FromResult(call.Give(TestBlocks.Make(2))));
        using MirrorSource source = Over(Slow("a"), wrong);
        byte[] buffer = new byte[TheBlock.Length];
        Task<Fetched> fetch = FetchAsync(source, FetchClass.Reader, buffer);
        _time.Advance(TimeSpan.FromSeconds(2));
        await Eventually.IsSoAsync(() => wrong.Calls.Count >= 2);
        _gate.SetResult();
        Assert.True((await fetch).Succeeded);
        Assert.Equal(TheBlock, buffer);
    }

    [Fact]
    public async Task Fetch_NobodyWaits_IsNotHedgedUntilAReaderRaisesIt()
    {
        ScriptedMirror quick = ScriptedMirror.Holding("b", TheBlock);
        using MirrorSource source = Over(Slow("a"), quick);
        BlockRequest request = TestBlocks.Request(TheBlock, FetchClass.Fill, _time);
        Task<Fetched> fetch = source.FetchAsync(request, new byte[TheBlock.Length], default).AsTask();
        for (int i = 0; i < 50; i++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Delay(1);
        }

        Assert.Empty(quick.Calls);
        request.RaiseTo(FetchClass.Reader);
        Assert.True((await TestMirrors.RunAsync(_time, fetch)).Succeeded);
        Assert.Single(quick.Calls);
    }

    [Fact]
    public async Task Fetch_AnswerHasBegun_IsNotHedged()
    {
        var slow = new ScriptedMirror("a", call =>
        {
            call.Body.Begin(TheBlock.Length);
            return call.HoldAsync(_gate.Task, () => call.Give(TheBlock));
        });
        ScriptedMirror quick = ScriptedMirror.Holding("b", TheBlock);
        using MirrorSource source = Over(slow, quick);
        Task<Fetched> fetch = FetchAsync(source);
        for (int i = 0; i < 50; i++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Delay(1);
        }

        Assert.Empty(quick.Calls);
        _gate.SetResult();
        Assert.True((await fetch).Succeeded);
    }

    [Fact]
    public async Task Fetch_EverythingIsSlow_HedgesKeepToTheirShare()
    {
        ScriptedMirror first = Slow("a");
        ScriptedMirror second = Slow("b");
        using MirrorSource source = Over(first, second);
        Task<Fetched>[] fetches = [.. Enumerable.Range(0, 100).Select(_ => FetchAsync(source))];
        for (int i = 0; i < 100; i++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Delay(1);
        }

        Assert.InRange(first.Calls.Count + second.Calls.Count, 100, 110);
        _gate.SetResult();
        await Task.WhenAll(fetches);
    }

    private ScriptedMirror Slow(string name) => new(name, call => call.HoldAsync(_gate.Task, () => call.Give(TheBlock)));

    private MirrorSource Over(params IMirror[] mirrors) => TestMirrors.Over(mirrors, new MirrorOptions { ExploreShare = 0, Connections = 256 }, _time);

    private Task<Fetched> FetchAsync(MirrorSource source, FetchClass fetchClass = FetchClass.Reader, byte[]? buffer = null) =>
        source.FetchAsync(TestBlocks.Request(TheBlock, fetchClass, _time), buffer ?? new byte[TheBlock.Length], default).AsTask();
}
