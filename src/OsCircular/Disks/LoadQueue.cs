using System.Diagnostics.CodeAnalysis;
using OsCircular.Sources;

namespace OsCircular.Disks;

/// <summary>Slots that need a thread: those a reader waits for go first, within a class the oldest. Not thread-safe.</summary>
internal sealed class LoadQueue
{
    private readonly LinkedList<MemorySlot>[] _byClass = [new(), new(), new()];

    public void Add(MemorySlot slot)
    {
        slot.State = SlotState.Queued;
        _byClass[(int)slot.Class].AddLast(slot.Queued);
    }

    public void Remove(MemorySlot slot) => slot.Queued.List?.Remove(slot.Queued);

    public void Raise(MemorySlot slot, FetchClass fetchClass)
    {
        slot.Class = fetchClass;

        // Else it is with a thread: its place in the list is of those that are in the disk.
        if (slot.State != SlotState.Queued) return;
        Remove(slot);
        _byClass[(int)fetchClass].AddLast(slot.Queued);
    }

    public bool TryTake([NotNullWhen(true)] out MemorySlot? slot)
    {
        foreach (LinkedList<MemorySlot> queue in _byClass)
        {
            if (queue.First is not { } first) continue;
            queue.Remove(first);
            slot = first.Value;
            return true;
        }

        slot = null;
        return false;
    }
}
