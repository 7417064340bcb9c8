namespace OsCircular.Cache;

/// <summary>One piece of work on a <see cref="DiskThreads"/>: either its asker takes the result, or it is unwanted; never both.</summary>
internal sealed class DiskJob<T>(Func<T> work, Action<T>? unwanted)
{
    private readonly TaskCompletionSource<T> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _decided;

    public Task<T> Result => _result.Task;

    /// <summary>Does it, unless it was given up before.</summary>
    public void Do()
    {
        if (Volatile.Read(ref _decided) != 0) return;
        try
        {
            T result = work();
            if (Decide()) _result.SetResult(result);
            else unwanted?.Invoke(result);
        }
        catch (Exception failure)
        {
            _result.TrySetException(failure);
        }
    }

    /// <summary>The asker waits no longer.</summary>
    /// <returns>The result, where it has just come; else <paramref name="otherwise"/>.</returns>
    public Task<T> GiveUpAsync(T otherwise) => Decide() ? Task.FromResult(otherwise) : _result.Task;

    private bool Decide() => Interlocked.Exchange(ref _decided, 1) == 0;
}
