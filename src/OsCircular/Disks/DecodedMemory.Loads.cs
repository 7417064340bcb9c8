using System.Diagnostics.CodeAnalysis;
using OsCircular.Sources;

namespace OsCircular.Disks;

/// <summary>The other half of the gate: slots being pinned, loaded, and given to those who wait.</summary>
internal sealed partial class DecodedMemory
{
    /// <summary>The next block of this read that the calling thread may load itself. False where there is none, or the read has been finished meanwhile.</summary>
    public bool TryTakeOwn(DiskRead read, int ticket, [NotNullWhen(true)] out MemorySlot? slot)
    {
        lock (_gate)
        {
            // For those who fetch instead: nobody was woken for what this thread was to load.
            if (_stuck > 0) Monitor.PulseAll(_gate);
            for (int i = 0; _stuck == 0 && read.Ticket == ticket && i < read.PartCount; i++)
            {
                slot = read.Parts[i].Slot;
                if (slot is not { State: SlotState.Queued, Step: LoadStep.Local }) continue;
                _queue.Remove(slot);
                EnterDisk(slot);
                return true;
            }
        }

        slot = null;
        return false;
    }

    /// <summary>The most urgent queued slot; waits for one. False when stopping.</summary>
    /// <param name="slot">Then the caller's to load.</param>
    /// <param name="isStandIn">Whether the caller is wanted only for as long as other threads are stuck: then false as well when they are back.</param>
    public bool TryTakeNext([NotNullWhen(true)] out MemorySlot? slot, bool isStandIn = false)
    {
        lock (_gate)
        {
            while (true)
            {
                slot = null;
                if (_stopping || (isStandIn && _stuck == 0)) return false;
                if (_queue.TryTake(out slot)) break;
                _idleWorkers++;
                Monitor.Wait(_gate);
                _idleWorkers--;
            }

            EnterDisk(slot);
            return true;
        }
    }

    /// <summary>Queues a slot that the caller was loading for its next step, on a worker.</summary>
    /// <param name="slot">No longer the caller's.</param>
    /// <param name="step">What it needs next.</param>
    /// <param name="passedDisk">Whether the local disk was passed by.</param>
    public void Requeue(MemorySlot slot, LoadStep step, bool passedDisk)
    {
        var after = new Afterwards();
        lock (_gate)
        {
            LeaveDisk(slot);
            slot.Step = step;
            slot.PassedDisk = passedDisk;
            if (slot.State == SlotState.Doomed || _stopping)
            {
                _pool.Free(slot);
                ServeShort(ref after);
            }
            else
            {
                Enqueue(slot, wake: true);
            }
        }

        after.Tell();
    }

    /// <summary>Says what a fetch is to ask for, and until when it may be cancelled. False where nobody wants the block any more.</summary>
    public bool TryBeginFetch(MemorySlot slot, [NotNullWhen(true)] out BlockRequest? request, out CancellationToken cancellationToken)
    {
        var after = new Afterwards();
        request = null;
        cancellationToken = default;
        lock (_gate)
        {
            if (_stopping || (slot.Pins == 0 && !slot.IsAhead))
            {
                _pool.Free(slot);
                ServeShort(ref after);
            }
            else
            {
                slot.Cancellation = new CancellationTokenSource();
                cancellationToken = slot.Cancellation.Token;
                slot.Request = request = new BlockRequest(slot.Key.Row.Name, slot.Key.Row.StoredLength, slot.Class, slot.Deadline);
            }
        }

        after.Tell();
        return request is not null;
    }

    /// <summary>A fetch has ended: with a block file in the slot's memory, which is then queued to be mapped, or with an error.</summary>
    public void EndFetch(MemorySlot slot, in Fetched fetched)
    {
        var after = new Afterwards();
        lock (_gate)
        {
            slot.Request = null;
            slot.Cancellation = null;
            slot.Fetched = fetched.Block;
            slot.Step = LoadStep.Map;
            if (slot.State == SlotState.Doomed || _stopping) _pool.Free(slot);
            else if (fetched.Succeeded) Enqueue(slot, wake: true);
            else if (slot.PassedDisk ? !TryPark(slot) : fetched.Error != SourceError.TimedOut || !TryFetchAgain(slot)) Fail(slot, fetched.Error, ref after);
            ServeShort(ref after);
        }

        after.Tell();
    }

    /// <summary>The block has been mapped into its slot, or it is not what its row says.</summary>
    public void EndLoad(MemorySlot slot, SourceError error)
    {
        var after = new Afterwards();
        lock (_gate)
        {
            LeaveDisk(slot);
            bool fetched = slot.Step == LoadStep.Map;
            slot.Fetched = default;
            if (slot.State == SlotState.Doomed || _stopping) _pool.Free(slot);
            else if (error != SourceError.None) Fail(slot, error, ref after);
            else
            {
                if (fetched) _counters.LoadsFromUpstream++;
                else _counters.LoadsFromLocal++;
                slot.State = SlotState.Ready;
                while (slot.Waiters.First is { } waiter)
                {
                    slot.Waiters.Remove(waiter);
                    DiskRead read = waiter.Value.Read;
                    if (--read.Outstanding == 0) Finish(read, SourceError.None, ref after);
                }
            }

            ServeShort(ref after);
        }

        after.Tell();
    }

    /// <summary>Pins all blocks of a read, or none. Found ones count as used; missing ones are queued.</summary>
    private bool TryClaim(DiskRead read, bool mayTake, bool wake, ref Afterwards after)
    {
        // First all that is there, so that taking slots for the rest cannot evict it.
        bool all = true;
        for (int i = 0; i < read.PartCount; i++)
        {
            ReadPart part = read.Parts[i];
            if (part.IsZero) continue;
            if (_pool.TryFind(part.Key, out MemorySlot? slot)) Pin(part, slot);
            else all = false;
        }

        for (int i = 0; !all && i < read.PartCount; i++)
        {
            ReadPart part = read.Parts[i];
            if (part.IsZero || part.Slot is not null) continue;
            MemorySlot? slot = null;
            if (mayTake && !_pool.TryFind(part.Key, out slot)) slot = _pool.TryTake(part.Key);
            if (slot is null)
            {
                Unpin(read, ref after);
                return false;
            }

            Pin(part, slot);
        }

        Accept(read, wake, ref after);
        return true;
    }

    private void Accept(DiskRead read, bool wake, ref Afterwards after)
    {
        if (read.Outstanding == 0)
        {
            _counters.MemoryHits++;
            for (int i = 0; i < read.PartCount; i++) CountUse(read.Parts[i].Slot);
            Finish(read, SourceError.None, ref after);
            return;
        }

        read.Phase = ReadPhase.Loading;
        _waiting.Add(read);

        // The one who waits loads alone where others wait too, for all cores are busy then; a single reader of several blocks is helped.
        bool first = !wake;
        bool single = _waiting.Count == 1;
        for (int i = 0; i < read.PartCount; i++)
        {
            MemorySlot? slot = read.Parts[i].Slot;
            CountUse(slot);
            if (slot is null) continue;
            if (slot.State == SlotState.Taken)
            {
                slot.Class = FetchClass.Reader;
                slot.Deadline = read.Deadline;
                Enqueue(slot, wake: !first && (wake || single));
                first = false;
            }
            else if (slot.State != SlotState.Ready && slot.Class > FetchClass.Reader)
            {
                _queue.Raise(slot, FetchClass.Reader);
                if (slot.Request is { } request) after.Raised(request);
            }
        }
    }

    private void CountUse(MemorySlot? slot)
    {
        if (slot is null) return;
        slot.IsReferenced = slot.State != SlotState.Taken;
        if (!slot.IsAhead) return;
        _pool.UnmarkAhead(slot);
        _counters.AheadUsed++;
    }

    private static void Pin(ReadPart part, MemorySlot slot)
    {
        part.Slot = slot;
        slot.Pins++;
        if (slot.State == SlotState.Ready) return;
        slot.Waiters.AddLast(part.Waiting);
        part.Read.Outstanding++;
    }

    /// <summary>Takes all that the read holds away from it. A load that nobody wants then is given up.</summary>
    private void Unpin(DiskRead read, ref Afterwards after)
    {
        for (int i = 0; i < read.PartCount; i++)
        {
            ReadPart part = read.Parts[i];
            if (part.Slot is not { } slot) continue;
            part.Slot = null;
            slot.Pins--;
            if (part.Waiting.List is not null)
            {
                slot.Waiters.Remove(part.Waiting);
                read.Outstanding--;
            }

            if (slot.Pins == 0 && !slot.IsAhead) GiveUp(slot, ref after);
        }
    }

    private void GiveUp(MemorySlot slot, ref Afterwards after)
    {
        if (slot.State == SlotState.Taken || slot is { State: SlotState.Queued, Step: not LoadStep.Map })
        {
            _queue.Remove(slot);
            _pool.Free(slot);
        }
        else if (slot is { State: SlotState.Loading, Cancellation: { } fetch })
        {
            // The fetch still writes to the slot; whoever wants the block from now on gets another.
            _pool.Forget(slot);
            slot.State = SlotState.Doomed;
            after.Cancelled(fetch);
        }
    }

    /// <summary>A later reader joined a fetch that ended with its first asker's time: it has time left, so the block is asked for again.</summary>
    private bool TryFetchAgain(MemorySlot slot)
    {
        if (slot.Waiters.Last is not { } youngest) return false;
        Deadline deadline = youngest.Value.Read.Deadline;
        if (deadline.HasPassed) return false;
        slot.Deadline = deadline;
        slot.Step = LoadStep.Fetch;
        Enqueue(slot, wake: true);
        return true;
    }

    private void Fail(MemorySlot slot, SourceError error, ref Afterwards after)
    {
        // Out of the table first: a failure is told to those who wait now, and to nobody later.
        _counters.FailedLoads++;
        _pool.Forget(slot);
        slot.State = SlotState.Doomed;
        while (slot.Waiters.First is { } waiter) Finish(waiter.Value.Read, error, ref after);
        _pool.Free(slot);
    }

    private void Enqueue(MemorySlot slot, bool wake)
    {
        _queue.Add(slot);
        if (wake && _idleWorkers > 0) Monitor.Pulse(_gate);
    }
}
