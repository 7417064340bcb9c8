namespace OsCircular.TestKit.Programs;

/// <summary>The lines that a program has written so far, and a way to wait for one.</summary>
internal sealed class OutputLines
{
    private readonly Lock _lock = new();
    private readonly List<string> _lines = [];
    private TaskCompletionSource _changed = NewSignal();
    private bool _ended;

    public string Text
    {
        get
        {
            lock (_lock) return string.Concat(_lines.Select(line => line + "\n"));
        }
    }

    public async Task FillAsync(StreamReader from)
    {
        while (await from.ReadLineAsync().ConfigureAwait(false) is { } line) Change(() => _lines.Add(line));
        Change(() => _ended = true);
    }

    /// <summary>The first line that holds <paramref name="text"/>; null where the output ended without one.</summary>
    public async Task<string?> FindAsync(string text, CancellationToken cancellationToken)
    {
        for (int seen = 0; ;)
        {
            Task changed;
            lock (_lock)
            {
                for (; seen < _lines.Count; seen++)
                    if (_lines[seen].Contains(text, StringComparison.Ordinal)) return _lines[seen];
                if (_ended) return null;
                changed = _changed.Task;
            }

            await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private void Change(Action change)
    {
        TaskCompletionSource changed;
        lock (_lock)
        {
            change();
            (changed, _changed) = (_changed, NewSignal());
        }

        changed.SetResult();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
