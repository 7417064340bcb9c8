namespace OsCircular.Disks;

/// <summary>
/// What becomes of loads from a local disk that hangs. The thread that is in the disk cannot be called back, and it owns its slot until it returns; those who wait are
/// moved to another slot, which is fetched elsewhere. Until all threads are back nobody else enters the disk, so no more are lost than were in it. Where nobody else has
/// the block, reads wait for the disk, each until its time is up.
/// </summary>
internal sealed partial class DecodedMemory
{
    // Being read from the local disk, the longest first.
    private readonly LinkedList<MemorySlot> _inDisk = new();

    // To be tried again, from the local disk on.
    private readonly LinkedList<MemorySlot> _parked = new();

    // Threads in the disk whose slots were given up.
    private int _stuck;

    /// <summary>Takes waiting reads away from loads that have been in the local disk for this long, and tries again what nobody had.</summary>
    /// <returns>How many loads were given up: so many threads are missing.</returns>
    public int Rescue(TimeSpan limit)
    {
        int given = 0;
        lock (_gate)
        {
            while (!_stopping && _inDisk.First?.Value is { } slot && _time.GetElapsedTime(slot.EnteredDisk) >= limit && TryMoveWaiters(slot))
            {
                _inDisk.Remove(slot.Queued);
                _pool.Forget(slot);
                slot.State = SlotState.Doomed;
                slot.IsStuck = true;
                _stuck++;
                given++;
            }

            while (_parked.First?.Value is { } parked)
            {
                _parked.Remove(parked.Queued);
                Enqueue(parked, wake: true);
            }
        }

        return given;
    }

    /// <returns>False where there is no memory to move to: it stays, and is tried again.</returns>
    private bool TryMoveWaiters(MemorySlot slot)
    {
        if (slot.Waiters.Count == 0) return true;
        _pool.Forget(slot);
        if (_pool.TryTake(slot.Key) is not { } fresh)
        {
            _pool.Remember(slot);
            return false;
        }

        fresh.Class = slot.Class;
        fresh.Deadline = slot.Deadline;
        fresh.Step = LoadStep.Fetch;
        fresh.PassedDisk = true;
        while (slot.Waiters.First is { } waiter)
        {
            slot.Waiters.Remove(waiter);
            slot.Pins--;
            fresh.Waiters.AddLast(waiter);
            fresh.Pins++;
            waiter.Value.Slot = fresh;
        }

        Enqueue(fresh, wake: true);
        return true;
    }

    private void EnterDisk(MemorySlot slot)
    {
        slot.State = SlotState.Loading;
        if (slot.Step != LoadStep.Local) return;
        if (_stuck > 0)
        {
            slot.Step = LoadStep.Fetch;
            slot.PassedDisk = true;
            return;
        }

        slot.EnteredDisk = _time.GetTimestamp();
        _inDisk.AddLast(slot.Queued);
    }

    private void LeaveDisk(MemorySlot slot)
    {
        if (slot.Queued.List == _inDisk) _inDisk.Remove(slot.Queued);
        if (!slot.IsStuck) return;
        slot.IsStuck = false;
        if (--_stuck == 0) Monitor.PulseAll(_gate);
    }

    /// <summary>Nobody else has it, but the local disk, which was passed by, may: those who have time left wait for that.</summary>
    private bool TryPark(MemorySlot slot)
    {
        if (slot.Waiters.Last is not { } youngest || youngest.Value.Read.Deadline.HasPassed) return false;
        slot.State = SlotState.Queued;
        slot.Step = LoadStep.Local;
        slot.PassedDisk = false;
        _parked.AddLast(slot.Queued);
        return true;
    }
}
