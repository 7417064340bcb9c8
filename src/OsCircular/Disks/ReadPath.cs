using OsCircular.Blocks;
using OsCircular.Disks.Booting;
using OsCircular.Sources;

namespace OsCircular.Disks;

/// <summary>
/// The read path in one sentence: a read finds its blocks in the index, takes those that are in memory, loads the others from this host's cache, each verified as it is mapped,
/// has the rest of the chain fetch what the cache does not hold, and completes with the last of them, or with the first error, or when its time is up.
/// </summary>
internal sealed class ReadPath(DecodedMemory memory, BlockLoader loader, OwnedTasks owned, CancellationToken stopping)
{
    public void Start(Disk disk, DiskRead read)
    {
        read.Start(memory, disk.Geometry.DiskSize);
        Go(disk, read, read.InlineAllowed);
    }

    private void Go(Disk disk, DiskRead read, bool here)
    {
        // From Claim or AwaitIndex on the read may be finished and on its next round at any moment: the ticket tells.
        int ticket = read.Ticket;

        // 1. The index: which blocks, and which of them are zeros. A page that is not in memory is fetched, and the read goes on from here when it has come.
        if (!TryLocate(disk, read, out long missing))
        {
            if (memory.AwaitIndex(read, out Deadline deadline)) owned.Add(ResumeAsync(disk, read, ticket, missing, deadline));
            return;
        }

        foreach (FirstTouches touches in disk.Watchers) touches.Note(disk.Geometry.BlockAt(read.Offset), read);

        // 2. Memory: a read whose blocks are all there is completed by this call.
        long offset = read.Offset;
        int length = read.Length;
        memory.Claim(read, here);

        // What this reader will want next goes to the workers, behind all that anybody waits for.
        disk.Ahead.Note(offset, length);

        // 3. The cache: on this thread where the caller lent it, else on the workers, which Claim has woken.
        // 4. The rest of the chain, peers and mirrors: the loader's workers ask it for what the cache did not have. The last block loaded completes the read.
        if (here) loader.LoadHere(read, ticket);
    }

    private async Task ResumeAsync(Disk disk, DiskRead read, int ticket, long missing, Deadline deadline)
    {
        SourceError error = await disk.Index.LoadAsync(missing, deadline, stopping).ConfigureAwait(false);
        if (memory.TryResume(read, ticket, error)) Go(disk, read, here: false);
    }

    /// <summary>Fills the read's parts from the index. False where a page is not in memory: the one that leads to block <paramref name="missing"/>.</summary>
    private static bool TryLocate(Disk disk, DiskRead read, out long missing)
    {
        BlockGeometry geometry = disk.Geometry;
        long end = read.Offset + read.Length;
        read.PartCount = 0;
        for (long at = read.Offset; at < end;)
        {
            long block = missing = geometry.BlockAt(at);
            if (!disk.Index.TryFind(block, out BlockRow row)) return false;
            ReadPart part = read.Parts[read.PartCount++];
            int length = geometry.LengthOf(block);
            part.Offset = (int)(at - geometry.OffsetOf(block));
            part.Length = (int)Math.Min(length - part.Offset, end - at);
            part.IsZero = row.StoredLength == 0;
            part.Key = new SlotKey(row, length, geometry.BlockSize);
            at += part.Length;
        }

        missing = -1;
        return true;
    }
}
