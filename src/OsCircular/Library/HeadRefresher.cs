using OsCircular.Sources;

namespace OsCircular.Library;

/// <summary>Looks at the mirrors' heads again and again. One task, owned by whoever calls <see cref="RunAsync"/>.</summary>
/// <param name="library">Started.</param>
/// <param name="interval">Between two looks, ± 10 %; more where no mirror answers.</param>
/// <param name="time">Of every wait.</param>
/// <param name="random">Jitter, so that the hosts of a room do not all ask at once; used by the one task alone.</param>
public sealed class HeadRefresher(HeadLibrary library, TimeSpan interval, TimeProvider time, Random random)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    /// <summary>While nobody answers, the interval is doubled this often at most: eight-fold.</summary>
    private const int MaxDoublings = 3;

    private TaskCompletionSource _wanted = New();

    /// <summary>Has the mirrors looked at now; many calls before that happens are one.</summary>
    public void RefreshNow() => Volatile.Read(ref _wanted).TrySetResult();

    /// <summary>Refreshes until cancelled, and then completes without an error.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        int failures = 0;
        try
        {
            for (;;)
            {
                await WaitAsync(DelayAfter(failures, interval, random.NextDouble()), cancellationToken);
                LibraryStatus status = await library.RefreshAsync(Limit, cancellationToken);
                failures = status.Mirrors.Any(answer => answer.Error == SourceError.None) ? 0 : failures + 1;
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }
    }

    /// <param name="failures">Looks in a row that no mirror answered.</param>
    /// <param name="interval">The plain time between two looks.</param>
    /// <param name="chance">0 to 1.</param>
    internal static TimeSpan DelayAfter(int failures, TimeSpan interval, double chance) =>
        interval * (1 << Math.Min(failures, MaxDoublings)) * (0.9 + 0.2 * chance);

    private async Task WaitAsync(TimeSpan delay, CancellationToken cancellationToken)
    {
        try
        {
            await _wanted.Task.WaitAsync(delay, time, cancellationToken);
        }
        catch (TimeoutException)
        {
        }

        // Replaced before the look, so that a wish during it leads to one more.
        Volatile.Write(ref _wanted, New());
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
