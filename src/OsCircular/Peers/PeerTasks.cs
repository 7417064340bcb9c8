using Microsoft.Extensions.Logging;

namespace OsCircular.Peers;

/// <summary>The tasks that the peers' part runs beside its callers': each is owned, its failure logged, and all are cancelled and awaited at the end.</summary>
internal sealed class PeerTasks(ILogger logger) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _lock = new();
    private readonly HashSet<Task> _running = [];

    /// <summary>Starts a task; nothing where the end has begun.</summary>
    /// <param name="name">For the log.</param>
    /// <param name="run">Ends without an error when the token is cancelled.</param>
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
        try
        {
            await run(stopping).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
        }
        catch (Exception failure)
        {
            logger.TaskFailed(failure, name);
        }
    }
}
