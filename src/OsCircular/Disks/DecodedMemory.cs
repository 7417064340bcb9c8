using System.Runtime.InteropServices;
using OsCircular.Sources;

namespace OsCircular.Disks;

/// <summary>
/// The decoded blocks in memory, the reads that use or await them, and the queue of those to be loaded: all state of the read path, behind one short lock, the gate.
/// A read pins all its blocks in one step or none, so reads never wait for one another while holding memory. Each block is loaded once however many reads await it.
/// </summary>
internal sealed partial class DecodedMemory : IDisposable
{
    private readonly object _gate = new();
    private readonly SlotPool _pool;
    private readonly LoadQueue _queue = new();
    private readonly WaitingReads _waiting;
    private readonly LinkedList<DiskRead> _short = new();
    private readonly ReadOnlyMemory<byte> _zeros = ZeroRange();
    private readonly long _aheadLimit;
    private readonly TimeSpan _readTimeout;
    private readonly TimeProvider _time;
    private DiskCounters _counters;
    private int _idleWorkers;
    private bool _stopping;

    public DecodedMemory(DiskOptions options, TimeProvider time)
    {
        _pool = new SlotPool(options.MemoryBytes);
        _aheadLimit = options.MemoryBytes / 4;
        _readTimeout = options.ReadTimeout;
        _time = time;
        _waiting = new WaitingReads(options.ReadTimeout, time, Expire);
    }

    /// <summary>
    /// Pins the read's blocks, whose keys are in its parts, and queues those that are not in memory. Completes it where all are.
    /// Otherwise its time starts, and it is completed when the last is loaded, one fails, or time is up.
    /// </summary>
    /// <param name="read">A read in phase <see cref="ReadPhase.Locating"/>.</param>
    /// <param name="here">Whether the calling thread will load what it can: then no other is woken for it.</param>
    public void Claim(DiskRead read, bool here)
    {
        var after = new Afterwards();
        lock (_gate)
        {
            if (DoomOf(read) is var doom and not SourceError.None) Finish(read, doom, ref after);
            else if (!TryClaim(read, mayTake: _short.Count == 0, wake: !here, ref after))
                AwaitSlots(read);
        }

        after.Tell();
    }

    /// <summary>Lets the read wait for an index page; its time starts. False where it was finished instead.</summary>
    public bool AwaitIndex(DiskRead read, out Deadline deadline)
    {
        var after = new Afterwards();
        bool waits;
        lock (_gate)
        {
            SourceError doom = DoomOf(read);
            waits = doom == SourceError.None;
            if (waits)
            {
                read.Phase = ReadPhase.AwaitingIndex;
                _waiting.Add(read);
            }
            else
            {
                Finish(read, doom, ref after);
            }

            deadline = read.Deadline;
        }

        after.Tell();
        return waits;
    }

    /// <summary>The index page has come, or not. True where the read still waits for it and is the caller's again, in phase <see cref="ReadPhase.Locating"/>.</summary>
    public bool TryResume(DiskRead read, int ticket, SourceError error)
    {
        var after = new Afterwards();
        bool resumed;
        lock (_gate)
        {
            if (read.Ticket != ticket) return false;
            resumed = error == SourceError.None;
            if (resumed) read.Phase = ReadPhase.Locating;
            else Finish(read, error, ref after);
        }

        after.Tell();
        return resumed;
    }

    public void Cancel(DiskRead read) => End(read, SourceError.Cancelled);

    public void Release(DiskRead read)
    {
        var after = new Afterwards();
        lock (_gate)
        {
            if (read.Phase != ReadPhase.Done) return;
            Unpin(read, ref after);
            read.Phase = ReadPhase.Idle;
            ServeShort(ref after);
        }

        after.Tell();
    }

    /// <summary>Queues a block to be loaded though nobody waits for it yet. False where read-ahead has its share of memory, or readers want for some.</summary>
    public bool TryClaimAhead(in SlotKey key)
    {
        lock (_gate)
        {
            if (_pool.TryFind(key, out _)) return true;
            if (_stopping || _short.Count > 0 || _pool.AheadBytes + key.BlockSize > _aheadLimit) return false;
            if (_pool.TryTake(key) is not { } slot) return false;
            _pool.MarkAhead(slot);
            _counters.AheadLoads++;

            // The mark carries it past the hand once, for its reader is on the way.
            slot.IsReferenced = true;
            slot.Class = FetchClass.Profile;
            slot.Deadline = Deadline.In(_readTimeout, _time);
            Enqueue(slot, wake: true);
            return true;
        }
    }

    public DiskStatus Snapshot()
    {
        lock (_gate) return new DiskStatus(_counters, _waiting.Count, _pool.Bytes, _pool.AheadWasted);
    }

    /// <summary>Ends all waiting reads as cancelled and lets workers go. Fetches under way are cancelled.</summary>
    public void Stop()
    {
        var after = new Afterwards();
        lock (_gate)
        {
            _stopping = true;
            while (_waiting.Oldest is { } read)
            {
                _waiting.Remove(read);
                End(read, SourceError.Cancelled, ref after);
            }

            foreach (MemorySlot slot in _pool.Slots)
                if (slot.Cancellation is { } fetch) after.Cancelled(fetch);
            Monitor.PulseAll(_gate);
        }

        after.Tell();
    }

    public void Dispose() => _waiting.Dispose();

    private void Expire()
    {
        var after = new Afterwards();
        lock (_gate)
        {
            while (_waiting.TryTakeExpired(out DiskRead? read)) End(read, SourceError.TimedOut, ref after);
            _waiting.Rearm();
        }

        after.Tell();
    }

    private void End(DiskRead read, SourceError error)
    {
        var after = new Afterwards();
        lock (_gate) End(read, error, ref after);
        after.Tell();
    }

    private void End(DiskRead read, SourceError error, ref Afterwards after)
    {
        if (read.Phase is ReadPhase.Idle or ReadPhase.Done) return;
        if (read.Phase == ReadPhase.Locating)
        {
            read.Doom = error;
            return;
        }

        Finish(read, error, ref after);
        ServeShort(ref after);
    }

    private SourceError DoomOf(DiskRead read) => _stopping || read.IsCancelled ? SourceError.Cancelled : read.Doom;

    private void Finish(DiskRead read, SourceError error, ref Afterwards after)
    {
        _waiting.Remove(read);
        if (read.Short.List is not null) _short.Remove(read.Short);
        _counters.Reads++;
        if (error == SourceError.None)
        {
            _counters.Bytes += read.Length;
            for (int i = 0; i < read.PartCount; i++)
            {
                ReadPart part = read.Parts[i];
                read.SetSegment(i, part.Slot is { } slot ? slot.Memory.Slice(part.Offset, part.Length) : _zeros[..part.Length]);
            }
        }
        else
        {
            _counters.FailedReads++;
            if (error == SourceError.TimedOut) _counters.TimedOutReads++;
            Unpin(read, ref after);
        }

        read.Error = error;
        read.Phase = ReadPhase.Done;
        read.Ticket++;
        after.Completed(read);
    }

    private void AwaitSlots(DiskRead read)
    {
        read.Phase = ReadPhase.AwaitingSlots;
        _waiting.Add(read);
        _short.AddLast(read.Short);
    }

    /// <summary>Serves the reads that found too little memory, strictly in their order, so that none starves. To be called wherever a slot may have become free.</summary>
    private void ServeShort(ref Afterwards after)
    {
        while (_short.First is { } first && TryClaim(first.Value, mayTake: true, wake: true, ref after))
            if (first.List is not null) _short.Remove(first);
    }

    /// <summary>One resident range of zeros for all zero blocks: written once, for memory never written is not there when the kernel copies from it.</summary>
    private static ReadOnlyMemory<byte> ZeroRange()
    {
        byte[] zeros = GC.AllocateUninitializedArray<byte>(DiskRead.MaxLength, pinned: true);
        zeros.AsSpan().Clear();
        return MemoryMarshal.CreateFromPinnedArray(zeros, 0, zeros.Length);
    }
}
