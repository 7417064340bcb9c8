using OsCircular.Blocks;

namespace OsCircular.Cache;

/// <summary>
/// Gives out room within the quota and above the free-space floor, evicting as little as makes the room.
/// Nothing is given out before the inventory is known, nor while the disk does not take writes.
/// </summary>
internal sealed class CacheRoom(BlockInventory inventory, BlockFiles files, BlockSlots slots, CacheHealth health, CacheCounters counters, long floor)
{
    // A bound on how long one reader waits for room: the largest block displaces about 45 of the usual size (93 KB); an unlink takes 10 to 50 us.
    private const int MaxEvictions = 64;

    private int _open;

    public long Floor => floor;

    /// <summary>From now on room is given out.</summary>
    public void Open() => Volatile.Write(ref _open, 1);

    /// <summary>No more, until it is opened again.</summary>
    public void Close() => Volatile.Write(ref _open, 0);

    /// <summary>Reserves room for a file about to be fetched.</summary>
    /// <returns>Null where there is none: what was fetched is then not kept.</returns>
    public CacheReservation? TryReserve(int bytes)
    {
        if (Volatile.Read(ref _open) == 0 || !health.MayWrite()) return null;
        for (int evictions = 0; ; evictions++)
        {
            if (HasFreeSpace(bytes) && inventory.TryReserve(bytes)) return new CacheReservation(inventory, bytes);
            if (evictions < MaxEvictions && TryEvictOne()) continue;
            health.NoRoom();
            return null;
        }
    }

    /// <summary>Evicts, in small steps, until what is held fits again: a smaller quota, or files put there by others.</summary>
    /// <returns>Whether there is more to do.</returns>
    public bool Trim()
    {
        for (int evictions = 0; evictions < MaxEvictions; evictions++)
        {
            if (inventory.TryReserve(0)) return false;
            if (!TryEvictOne()) return false;
        }

        return true;
    }

    private bool HasFreeSpace(int bytes)
    {
        (_, long free) = files.Space;
        return free < 0 || free - inventory.Totals.Reserved - bytes >= floor;
    }

    private bool TryEvictOne()
    {
        if (!inventory.TryTakeVictim(out BlockName name, out int storedLength)) return false;
        lock (slots.Of(name))
        {
            // Stored anew or pinned since it was chosen: room may still be found elsewhere.
            if (!inventory.IsLeaving(name)) return true;
            int error = files.Remove(name);
            if (error != 0)
            {
                inventory.Stay(name);
                health.DiskFailed(error);
                return false;
            }

            inventory.Removed(name);
        }

        counters.Add(CacheCounter.Evicted);
        counters.Add(CacheCounter.EvictedBytes, storedLength);
        return true;
    }
}
