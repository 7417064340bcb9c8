using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using OsCircular.Cache;

namespace OsCircular.Tests.Cache;

/// <summary>Calls that do not come back: who asked goes on, and nobody else is held.</summary>
public sealed class CacheHangTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RealLimit = TimeSpan.FromSeconds(30);

    private readonly FakeTimeProvider _time = new();
    private readonly ManualResetEventSlim _gate = new(false);

    public void Dispose() => _gate.Dispose();

    [Fact]
    public void HangWatch_ACallDoesNotComeBack_IsHangingUntilItDoes()
    {
        CacheHealth health = new(_time, TimeSpan.FromSeconds(10), "cache", NullLogger.Instance);
        using HangWatch watch = new(health, Limit, _time);
        using DiskThreads threads = new("test", 1, Limit, _time);
        watch.Start(threads, () => true);
        using (watch.Writes.Begin())
        {
            _time.Advance(Limit);
            Assert.Equal(CacheState.Ok, health.State);
            _time.Advance(TimeSpan.FromSeconds(1));
            Assert.Equal(CacheState.Hanging, health.State);
            Assert.False(health.MayWrite());
            Assert.True(health.MayRead());
            Assert.False(health.ReadsHang);
        }

        Settle(watch);
        using (watch.Reads.Begin())
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            Assert.Equal(CacheState.Ok, health.State);
            _time.Advance(Limit);
            Assert.True(health.ReadsHang);
            Assert.False(health.MayRead());
            Assert.False(health.MayWrite());
        }

        Settle(watch);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(CacheState.Ok, health.State);
    }

    // The watch's own look goes on in real time, which this test's leaps over.
    private static void Settle(HangWatch watch) => Assert.True(SpinWait.SpinUntil(() => !watch.Reads.AnyLongerThan(TimeSpan.FromTicks(-1)), RealLimit));

    [Fact]
    public void HangWatch_NobodyReads_ItsOwnLookTells()
    {
        CacheHealth health = new(_time, TimeSpan.FromSeconds(10), "cache", NullLogger.Instance);
        using HangWatch watch = new(health, Limit, _time);
        using DiskThreads threads = new("test", 1, Limit, _time);
        watch.Start(threads, () => _gate.Wait(RealLimit));
        TestCache.Eventually(_time, () => health.State == CacheState.Hanging);
        _gate.Set();
        TestCache.Eventually(_time, () => health.State == CacheState.Ok);
    }

    [Fact]
    public async Task RunAsync_WorkThatEnds_IsItsResult()
    {
        using DiskThreads threads = new("test", 2, Limit, _time);
        int[] results = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => threads.RunAsync(() => i, -1).AsTask())).WaitAsync(RealLimit);
        Assert.Equal(Enumerable.Range(0, 100), results);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await threads.RunAsync<int>(() => throw new InvalidOperationException(), -1));
    }

    [Fact]
    public async Task RunAsync_AllThreadsAreHeld_AskersGoOnAndLateResultsAreUnwanted()
    {
        using DiskThreads threads = new("test", 2, Limit, _time);
        List<int> unwanted = [];
        using CountdownEvent inside = new(2);
        Task<int>[] asked = [.. Enumerable.Range(1, 5).Select(i => threads.RunAsync(() => Hold(inside, i), -1, Note).AsTask())];
        Assert.True(inside.Wait(RealLimit));
        _time.Advance(Limit);
        int[] answers = await Task.WhenAll(asked).WaitAsync(RealLimit);
        Assert.All(answers, answer => Assert.Equal(-1, answer));

        // Those that had not begun never do.
        _gate.Set();
        Assert.Equal(7, await threads.RunAsync(() => 7, -1));
        Assert.True(SpinWait.SpinUntil(() => Noted() == 2, RealLimit));
        Assert.Equal([1, 2], unwanted.Order());

        void Note(int late)
        {
            lock (unwanted) unwanted.Add(late);
        }

        int Noted()
        {
            lock (unwanted) return unwanted.Count;
        }
    }

    [Fact]
    public async Task RunAsync_AfterDispose_IsOtherwise()
    {
        DiskThreads threads = new("test", 1, Limit, _time);
        threads.Dispose();
        Assert.Equal(-1, await threads.RunAsync(() => 1, -1));
    }

    private int Hold(CountdownEvent inside, int i)
    {
        inside.Signal();
        _gate.Wait(RealLimit);
        return i;
    }
}
