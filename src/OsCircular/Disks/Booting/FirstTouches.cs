using System.Collections.Concurrent;

namespace OsCircular.Disks.Booting;

/// <param name="Block">Number of the block, from 0.</param>
/// <param name="At">When it was first asked for, counted from the first of all.</param>
public readonly record struct FirstTouch(long Block, TimeSpan At);

/// <summary>
/// Which blocks a disk's readers ask for, each once, in the order in which they first do; blocks of zeros, and what is only read ahead, are left out. Takes at most
/// <see cref="Most"/>. Thread-safe; a block seen before costs a reader a look into a table, without a lock.
/// </summary>
public sealed class FirstTouches(TimeProvider time)
{
    /// <summary>16 GiB of the default block size: no boot asks for so much.</summary>
    public const int Most = 65_536;

    private readonly ConcurrentDictionary<long, byte> _seen = [];
    private readonly Lock _gate = new();

    // Guarded by _gate.
    private readonly List<FirstTouch> _touches = new(1024);
    private readonly long _began = time.GetTimestamp();
    private long _first;

    public int Count
    {
        get
        {
            lock (_gate) return _touches.Count;
        }
    }

    /// <summary>All so far, in their order.</summary>
    public FirstTouch[] All
    {
        get
        {
            lock (_gate) return [.. _touches];
        }
    }

    /// <summary>How long nothing new has been asked for: since the last, or where there was none, since this began.</summary>
    public TimeSpan Quiet
    {
        get
        {
            lock (_gate) return _touches.Count == 0 ? time.GetElapsedTime(_began) : time.GetElapsedTime(_first) - _touches[^1].At;
        }
    }

    public bool Contains(long block) => _seen.ContainsKey(block);

    /// <summary>The last ones, oldest first.</summary>
    /// <param name="blocks">Room for them.</param>
    /// <returns>How many there are.</returns>
    public int CopyLast(Span<long> blocks)
    {
        lock (_gate)
        {
            int count = Math.Min(blocks.Length, _touches.Count);
            for (int i = 0; i < count; i++) blocks[i] = _touches[_touches.Count - count + i].Block;
            return count;
        }
    }

    /// <summary>Notes the blocks of a read that was just located.</summary>
    /// <param name="first">The number of its first block.</param>
    /// <param name="read">Its parts are filled, and still the caller's.</param>
    internal void Note(long first, DiskRead read)
    {
        for (int i = 0; i < read.PartCount; i++)
        {
            if (!read.Parts[i].IsZero) Note(first + i);
        }
    }

    internal void Note(long block)
    {
        if (_seen.ContainsKey(block)) return;
        lock (_gate)
        {
            if (_touches.Count == Most || !_seen.TryAdd(block, 0)) return;
            if (_touches.Count == 0) _first = time.GetTimestamp();
            _touches.Add(new FirstTouch(block, time.GetElapsedTime(_first)));
        }
    }
}
