using System.Runtime.CompilerServices;
using Xunit;

namespace OsCircular.TestKit.Peers;

/// <summary>Waits for what happens elsewhere, and says what did not.</summary>
public static class PeerWait
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>Waits until something is so.</summary>
    /// <exception cref="TimeoutException">It is not within <see cref="Limit"/>.</exception>
    public static async Task UntilAsync(Func<bool> isSo, [CallerArgumentExpression(nameof(isSo))] string what = "")
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        end.CancelAfter(Limit);
        while (!isSo())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (end.IsCancellationRequested) throw new TimeoutException($"Not so within {Limit.TotalSeconds} s: {what}");
        }
    }
}
