using System.Runtime.CompilerServices;
using Xunit;

namespace OsCircular.TestKit;

/// <summary>Waits for what happens elsewhere, and says what did not: the one place where a test asks again and again. A test's own end ends it too.</summary>
public static class Eventually
{
    /// <summary>Generous, for a machine may be busy; only what is broken takes so long.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LongPause = TimeSpan.FromMilliseconds(100);

    /// <summary>Waits until something is so.</summary>
    /// <param name="isSo">Quick.</param>
    /// <param name="what">Named where it is not.</param>
    /// <exception cref="TimeoutException">It is not within <see cref="Limit"/>.</exception>
    public static Task IsSoAsync(Func<bool> isSo, [CallerArgumentExpression(nameof(isSo))] string what = "") =>
        IsSoAsync(() => Task.FromResult(isSo()), Pause, () => Task.FromResult(what), Limit);

    /// <summary>The same of what is asked of another process.</summary>
    /// <param name="isSo">May take long.</param>
    /// <param name="seen">What there is instead, for the message.</param>
    /// <param name="limit">Where it must be so sooner than <see cref="Limit"/>.</param>
    /// <param name="what">Named where nothing else is.</param>
    public static Task IsSoAsync(Func<Task<bool>> isSo, Func<Task<string>>? seen = null, TimeSpan? limit = null, [CallerArgumentExpression(nameof(isSo))] string what = "") =>
        IsSoAsync(isSo, LongPause, seen ?? (() => Task.FromResult(what)), limit ?? Limit);

    private static async Task IsSoAsync(Func<Task<bool>> isSo, TimeSpan pause, Func<Task<string>> complaint, TimeSpan limit)
    {
        long begun = TimeProvider.System.GetTimestamp();
        while (!await isSo())
        {
            if (TimeProvider.System.GetElapsedTime(begun) > limit) throw new TimeoutException($"Not so within {limit.TotalSeconds} s: {await complaint()}");
            await Task.Delay(pause, TimeProvider.System, TestContext.Current.CancellationToken);
        }
    }
}
