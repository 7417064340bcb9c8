using OsCircular.Blocks;
using OsCircular.Sources;

namespace OsCircular.Disks;

/// <summary>Keeps the blocks that a disk's sequential readers will want next on their way into memory; the workers load them behind whatever a reader waits for.</summary>
internal sealed class ReadAhead(BlockGeometry geometry, DiskIndex index, DecodedMemory memory, ILocalBlocks local, int window)
{
    private readonly ReadStream[] _streams = new ReadStream[ReadAheadRule.Streams];
    private readonly Lock _gate = new();
    private long _reads;

    /// <summary>Notes a read, and starts what it calls for. Allocates nothing; takes a microsecond or so where there is something to start.</summary>
    public void Note(long offset, int length)
    {
        if (window == 0 || length == 0) return;
        lock (_gate)
        {
            ReadAheadPlan plan = ReadAheadRule.Note(_streams, offset, length, ++_reads, geometry, window);
            if (!plan.IsEmpty) _streams[plan.Stream].AheadTo = Start(plan);
        }
    }

    /// <returns>The first block that was not asked for: the next plan begins there.</returns>
    private long Start(in ReadAheadPlan plan)
    {
        for (long block = plan.From; block < plan.LocalTo; block++)
        {
            // A page that is not in memory comes with the reader's own read.
            if (!index.TryFind(block, out BlockRow row)) return block;
            if (row.StoredLength == 0) continue;
            bool near = block < plan.NetworkTo || local.MayHold(row.Name);
            if (!near || !memory.TryClaimAhead(new SlotKey(row, geometry.LengthOf(block), geometry.BlockSize))) return block;
        }

        return plan.LocalTo;
    }
}
