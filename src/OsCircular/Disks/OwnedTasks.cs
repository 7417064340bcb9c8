using Microsoft.Extensions.Logging;

namespace OsCircular.Disks;

/// <summary>Tasks that nobody awaits one by one: counted, their failures logged, and awaited together at the end.</summary>
internal sealed class OwnedTasks(ILogger logger)
{
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // One for the owner, given back by WhenAllAsync.
    private int _running = 1;

    public void Add(Task task)
    {
        Interlocked.Increment(ref _running);
        _ = WatchAsync(task);
    }

    /// <summary>Completes when all have ended; to be called once, when no more are added.</summary>
    public Task WhenAllAsync()
    {
        End();
        return _ended.Task;
    }

    private async Task WatchAsync(Task task)
    {
        try
        {
            await task.ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            Log.TaskFailed(logger, exception);
        }

        End();
    }

    private void End()
    {
        if (Interlocked.Decrement(ref _running) == 0) _ended.SetResult();
    }
}
