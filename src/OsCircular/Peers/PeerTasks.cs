using Microsoft.Extensions.Logging;

namespace OsCircular.Peers;

/// <summary>
/// The tasks that the peers' part runs beside its callers': each is owned, and all are cancelled and awaited at the end. One that fails is logged and begun anew.
/// </summary>
internal sealed class PeerTasks(TimeProvider time, ILogger logger) : IAsyncDisposable
{
    /// <summary>From a failure to the new beginning.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _lock = new();
    private readonly HashSet<Task> _running = [];

    /// <summary>Starts a task; nothing where the end has begun.</summary>
    /// <param name="name">For the log.</param>
    /// <param name="run">Ends without an error when the token is cancelled; runs again where it fails.</param>
    public void Run(string name, Func<CancellationToken, Task> run)
    {
        lock (_lock)
        {
            if (_stopping.IsCancellationRequested) return;
            Task task = WatchAsync(name, run);
            _running.Add(task);
            task.ContinueWith(Forget, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Task[] running;
        lock (_lock)
        {
            if (_stopping.IsCancellationRequested) return;
            _stopping.Cancel();
            running = [.. _running];
        }

        await Task.WhenAll(running).ConfigureAwait(false);
        _stopping.Dispose();
    }

    private void Forget(Task task)
    {
        lock (_lock) _running.Remove(task);
    }

    private async Task WatchAsync(string name, Func<CancellationToken, Task> run)
    {
        CancellationToken stopping = _stopping.Token;

        // Out of the lock at once.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await run(stopping).ConfigureAwait(false);
                return;
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
            }
            catch (Exception failure)
            {
                logger.TaskFailed(failure, name);
                await Task.Delay(Pause, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }
}
