using OsCircular.Blocks;

namespace OsCircular.Sources;

/// <summary>Which blocks failed just now, and how. A guest that is refused a block asks again at once, many times. Not thread-safe.</summary>
internal sealed class FailureMemory
{
    /// <summary>How long a block fails again at once.</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromSeconds(2);

    private const int Most = 1024;

    private readonly TimeProvider _time;
    private readonly Dictionary<(BlockName Name, int Length), (SourceError Error, long Since)> _failures = [];

    public FailureMemory(TimeProvider time) => _time = time;

    public int Count => _failures.Count;

    public void Note(BlockName name, int length, SourceError error)
    {
        if (_failures.Count >= Most) Shrink();
        _failures[(name, length)] = (error, _time.GetTimestamp());
    }

    public bool TryGet(BlockName name, int length, out SourceError error)
    {
        error = SourceError.None;
        if (!_failures.TryGetValue((name, length), out (SourceError Error, long Since) failure)) return false;
        if (_time.GetElapsedTime(failure.Since) < Memory)
        {
            error = failure.Error;
            return true;
        }

        _failures.Remove((name, length));
        return false;
    }

    // Forgetting costs a fetch; memory without bound would cost more.
    private void Shrink()
    {
        foreach (((BlockName, int) key, (SourceError Error, long Since) failure) in _failures)
        {
            if (_time.GetElapsedTime(failure.Since) >= Memory) _failures.Remove(key);
        }

        if (_failures.Count >= Most) _failures.Clear();
    }
}
