using CsCheck;
using OsCircular.Library;

namespace OsCircular.Tests.Library;

public sealed class HeadRefresherTests : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(60);

    private readonly LibraryRig _rig = new();
    private readonly CancellationTokenSource _stop = new();

    public void Dispose()
    {
        _rig.Dispose();
        _stop.Dispose();
    }

    [Fact]
    public async Task Run_IntervalPasses_AdoptsWhatIsNew()
    {
        using HeadLibrary library = await StartedAsync();
        Task run = Refresher(library).RunAsync(_stop.Token);
        _rig.A.Head = _rig.Publish(2, "2");
        _rig.Time.Advance(Interval * 0.89);
        Assert.Equal(1, library.Current?.Head.Sequence);
        await AdvanceToAsync(library, 2, Interval * 0.22);
        await StopAsync(run);
    }

    [Fact]
    public async Task RefreshNow_BetweenTwoLooks_LooksAtOnce()
    {
        using HeadLibrary library = await StartedAsync();
        HeadRefresher refresher = Refresher(library);
        Task run = refresher.RunAsync(_stop.Token);
        _rig.A.Head = _rig.Publish(2, "2");
        refresher.RefreshNow();
        await AdvanceToAsync(library, 2, TimeSpan.Zero);
        await StopAsync(run);
    }

    [Fact]
    public async Task Run_Cancelled_CompletesWithoutError()
    {
        using HeadLibrary library = await StartedAsync();
        await StopAsync(Refresher(library).RunAsync(_stop.Token));
    }

    [Fact]
    public void DelayAfter_AnyFailures_IsBoundedAndNeverShorterThanBefore() =>
        Gen.Select(Gen.Int[0, 1000], Gen.Double[0, 1]).Sample((failures, chance) =>
        {
            TimeSpan delay = HeadRefresher.DelayAfter(failures, Interval, chance);
            return delay >= Interval * 0.9 && delay <= Interval * 8 * 1.1 && HeadRefresher.DelayAfter(failures + 1, Interval, chance) >= delay;
        });

    private HeadRefresher Refresher(HeadLibrary library) => new(library, Interval, _rig.Time, new Random(1));

    private async Task<HeadLibrary> StartedAsync()
    {
        _rig.A.Head = _rig.Publish(1);
        HeadLibrary library = await _rig.OpenAsync();
        await library.StartAsync(Interval, TestContext.Current.CancellationToken);
        return library;
    }

    // The adoption is announced on the refresher's own thread.
    private async Task AdvanceToAsync(HeadLibrary library, long sequence, TimeSpan step)
    {
        TaskCompletionSource adopted = new(TaskCreationOptions.RunContinuationsAsynchronously);
        library.Adopted += _ => adopted.TrySetResult();
        if (library.Current?.Head.Sequence != sequence)
        {
            _rig.Time.Advance(step);
            await adopted.Task.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        }

        Assert.Equal(sequence, library.Current?.Head.Sequence);
    }

    private async Task StopAsync(Task run)
    {
        await _stop.CancelAsync();
        await run.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
    }
}
