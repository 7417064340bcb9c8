using OsCircular.Blocks;

namespace OsCircular.Disks;

/// <summary>What to read ahead of one stream: block numbers, the ends not included.</summary>
/// <param name="Stream">The stream's place in the table.</param>
/// <param name="From">The first block not asked for yet.</param>
/// <param name="LocalTo">How far to go through blocks that this host holds.</param>
/// <param name="NetworkTo">How far through blocks that must be fetched; at most <paramref name="LocalTo"/>.</param>
internal readonly record struct ReadAheadPlan(int Stream, long From, long LocalTo, long NetworkTo)
{
    public static ReadAheadPlan Nothing => default;

    public bool IsEmpty => From >= LocalTo;
}

/// <summary>
/// How far to read ahead: a pure function of the reads so far. Only reads that follow one another without a gap make a stream, so that random readers
/// cost nothing. What this host holds is read ahead soon and far; the network, whose bytes others may be waiting for, only after a long run and by a fraction of it.
/// </summary>
internal static class ReadAheadRule
{
    /// <summary>Streams of one disk that are told apart.</summary>
    public const int Streams = 8;

    /// <summary>A run from which on reads that overtake each other on the kernel's threads are taken as its own.</summary>
    private const int SureReads = 3;

    /// <summary>How far they may be apart, in bytes: what the kernel keeps under way for one reader, with room to spare.</summary>
    private const long Overtaking = 4L * DiskRead.MaxLength;

    /// <summary>A run this long, in blocks, is worth the network.</summary>
    private const int NetworkRun = 8;

    /// <summary>Over the network the blocks ahead are at most this part of the run, so that a reader who stops has cost no more than that.</summary>
    private const int NetworkShare = 4;

    /// <summary>Notes a read in the table, and says what to read ahead now.</summary>
    /// <param name="streams">The disk's table.</param>
    /// <param name="offset">Bytes from the disk's start.</param>
    /// <param name="length">Bytes, more than 0.</param>
    /// <param name="number">Counts the disk's reads, from 1.</param>
    /// <param name="geometry">The disk.</param>
    /// <param name="window">Blocks to read ahead at most.</param>
    public static ReadAheadPlan Note(Span<ReadStream> streams, long offset, int length, long number, BlockGeometry geometry, int window)
    {
        int at = Find(streams, offset, length);
        if (at < 0)
        {
            at = Oldest(streams);
            streams[at] = new ReadStream { Start = offset, Next = offset + length, Reads = 1, LastRead = number };
            return ReadAheadPlan.Nothing;
        }

        ref ReadStream stream = ref streams[at];
        stream.Next = Math.Max(stream.Next, offset + length);
        stream.Reads++;
        stream.LastRead = number;

        // Twice the run: half a block read in two pieces brings the next block, and eight blocks bring sixteen.
        long run = stream.Next - stream.Start;
        long here = geometry.BlockAt(stream.Next - 1) + 1;
        long ahead = Math.Min(window, 2 * run / geometry.BlockSize);
        stream.AheadTo = Math.Max(stream.AheadTo, here);

        // Topped up by halves: asking for one block at each read would wake a worker for each.
        if (stream.AheadTo - here > ahead / 2) return ReadAheadPlan.Nothing;
        long fetched = run / geometry.BlockSize < NetworkRun ? 0 : Math.Min(ahead, run / geometry.BlockSize / NetworkShare);
        return new ReadAheadPlan(at, stream.AheadTo, Math.Min(here + ahead, geometry.BlockCount), Math.Min(here + fetched, geometry.BlockCount));
    }

    private static int Find(Span<ReadStream> streams, long offset, int length)
    {
        int overtaken = -1;
        for (int i = 0; i < streams.Length; i++)
        {
            ref ReadStream stream = ref streams[i];
            if (stream.Reads == 0) continue;
            if (stream.Next == offset) return i;
            if (stream.Reads < SureReads) continue;
            bool early = offset > stream.Next && offset <= stream.Next + Overtaking;
            bool late = offset + length <= stream.Next && offset >= Math.Max(stream.Start, stream.Next - Overtaking);
            if (early || late) overtaken = i;
        }

        return overtaken;
    }

    private static int Oldest(Span<ReadStream> streams)
    {
        int oldest = 0;
        for (int i = 1; i < streams.Length; i++)
            if (streams[i].LastRead < streams[oldest].LastRead) oldest = i;
        return oldest;
    }
}
