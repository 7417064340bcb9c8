using System.Collections;
using System.Runtime.ExceptionServices;
using OsCircular.Blocks;
using OsCircular.Indexes;

namespace OsCircular.Publishing;

/// <summary>
/// Cuts a whole disk, all cores at it: each thread claims the next block that is no hole, reads it and takes it to its end while it lies in that core's cache,
/// and files the outcome under its ticket. Whoever completes the oldest ticket feeds the index, so rows come in block order.
/// </summary>
internal sealed class BlockPipeline
{
    /// <summary>Tickets that may be out at once: so far a fast thread may run ahead of one that waits for the disk (1 GiB at 256 KiB a block).</summary>
    private const int Window = 4096;

    /// <summary>The kernel is asked to read this much at a time, this far ahead: enough for a spinning disk or a RAID to stream.</summary>
    private const long ReadAheadPiece = 8 << 20;

    private const long ReadAheadDistance = 24 << 20;

    private readonly IDiskInput _input;
    private readonly BlockGeometry _geometry;
    private readonly IndexTreeBuilder _index;
    private readonly Action<BlockCounts, long> _progress;

    private readonly object _gate = new(); // guards all below, and the index
    private readonly Slot[] _slots = new Slot[Window];
    private readonly BitArray _counted = new(0); // known blocks that this disk needs, by number
    private long _nextTicket;
    private long _oldestTicket;
    private long _nextBlock;
    private long _dataEnd; // blocks before this one, from the next on, are no hole
    private BlockCounts _counts;
    private long _storedBytes;
    private Exception? _failure;

    /// <param name="input">The image.</param>
    /// <param name="geometry">How it falls into blocks.</param>
    /// <param name="index">Fed with every block, under one lock; completed by the caller.</param>
    /// <param name="progress">Told, now by one thread, now by another, of the counts and the blocks done; should be quick.</param>
    public BlockPipeline(IDiskInput input, BlockGeometry geometry, IndexTreeBuilder index, Action<BlockCounts, long> progress)
    {
        _input = input;
        _geometry = geometry;
        _index = index;
        _progress = progress;
    }

    public BlockCounts Counts => _counts;

    /// <summary>Bytes of the block files that the disk needs, each counted once.</summary>
    public long StoredBytes => _storedBytes;

    /// <summary>Runs to the end, or to the first failure, which is thrown. Counts are final then.</summary>
    /// <param name="workers">Threads.</param>
    /// <param name="newCutter">Called by each thread; the cutter is disposed at its end.</param>
    /// <param name="cancellationToken">Ends the work within a block's time.</param>
    public async Task RunAsync(int workers, Func<BlockCutter> newCutter, CancellationToken cancellationToken)
    {
        await using CancellationTokenRegistration stop = cancellationToken.Register(() => Stop(new OperationCanceledException(cancellationToken)));
        var threads = new Task[workers];
        for (int i = 0; i < workers; i++)
            threads[i] = Task.Factory.StartNew(() => Work(newCutter), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        await Task.WhenAll(threads);
        if (_failure is not null) ExceptionDispatchInfo.Throw(_failure);
    }

    private void Work(Func<BlockCutter> newCutter)
    {
        try
        {
            using BlockCutter cutter = newCutter();
            while (TryClaim(out long ticket, out long block))
            {
                long offset = _geometry.OffsetOf(block);
                if (offset % ReadAheadPiece == 0) _input.ReadAhead(offset + ReadAheadDistance, ReadAheadPiece);
                Complete(ticket, cutter.Cut(block));
            }
        }
        catch (Exception e)
        {
            Stop(e);
        }
    }

    private bool TryClaim(out long ticket, out long block)
    {
        lock (_gate)
        {
            while (true)
            {
                while (_nextTicket - _oldestTicket == Window && _failure is null) Monitor.Wait(_gate);
                ticket = _nextTicket;
                block = _nextBlock;
                if (_failure is not null || block == _geometry.BlockCount) return false;
                _nextTicket++;
                if (block < _dataEnd)
                {
                    _nextBlock++;
                    return true;
                }

                Settle(ticket, new Slot(Done: true, SkipHole(), default));
            }
        }
    }

    /// <summary>Finds the next data and goes there.</summary>
    /// <returns>Blocks skipped, 0 where data follows at once.</returns>
    private long SkipHole()
    {
        (long start, long end) = _input.NextData(_geometry.OffsetOf(_nextBlock));
        long first = start >= _geometry.DiskSize ? _geometry.BlockCount : _geometry.BlockAt(start);
        long skipped = first - _nextBlock;
        _nextBlock = first;
        _dataEnd = Math.Min(_geometry.BlockCount, _geometry.BlockAt(end + _geometry.BlockSize - 1));
        return skipped;
    }

    private void Complete(long ticket, in CutBlock cut)
    {
        BlockCounts counts;
        long blocksDone;
        lock (_gate)
        {
            Settle(ticket, new Slot(Done: true, 0, cut));
            counts = _counts;
            blocksDone = _index.NextBlock;
        }

        _progress(counts, blocksDone);
    }

    private void Settle(long ticket, in Slot slot)
    {
        _slots[ticket % Window] = slot;
        if (ticket != _oldestTicket) return;
        for (; _slots[_oldestTicket % Window].Done; _oldestTicket++)
        {
            ref Slot oldest = ref _slots[_oldestTicket % Window];
            Feed(oldest);
            oldest = default;
        }

        Monitor.PulseAll(_gate);
    }

    private void Feed(in Slot slot)
    {
        if (slot.HoleBlocks > 0 || slot.Cut.Length == 0)
        {
            _index.AddZeros(slot.HoleBlocks);
            _counts = _counts with { Zero = _counts.Zero + slot.HoleBlocks };
            return;
        }

        BlockRow row = slot.Cut.Row;
        if (slot.Cut.Fate != BlockFate.Kept) _counts = _counts with { BytesRead = _counts.BytesRead + slot.Cut.Length };
        if (slot.Cut.Fate == BlockFate.Zero)
        {
            _index.AddZeros(1);
            _counts = _counts with { Zero = _counts.Zero + 1 };
            return;
        }

        _index.Add(row);
        _counts = slot.Cut.Fate == BlockFate.New
            ? _counts with { New = _counts.New + 1, NewStoredBytes = _counts.NewStoredBytes + row.StoredLength }
            : _counts with { Reused = _counts.Reused + 1 };
        CountOnce(slot.Cut.Number, row.StoredLength);
    }

    private void CountOnce(int number, int storedLength)
    {
        if (number >= _counted.Length) _counted.Length = Math.Max(number + 1, _counted.Length * 2);
        if (_counted[number]) return;
        _counted[number] = true;
        _storedBytes += storedLength;
    }

    private void Stop(Exception failure)
    {
        lock (_gate)
        {
            _failure ??= failure;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>The outcome of one ticket: a run of blocks in a hole, or one block that was read.</summary>
    private readonly record struct Slot(bool Done, long HoleBlocks, CutBlock Cut);
}
