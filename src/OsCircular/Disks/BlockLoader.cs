using Microsoft.Extensions.Logging;
using OsCircular.Sources;

namespace OsCircular.Disks;

/// <summary>
/// Fills slots: from this host's own disk, on the reader's thread or a worker's; else from the rest of the chain, asynchronously, and then mapped on a worker.
/// A local disk that hangs holds the threads that are in it, workers too. Their reads are taken from them after a while and fetched elsewhere, by workers who stand in:
/// see <see cref="DecodedMemory.Rescue"/>. Memory, cancelling and the time limit need none of these threads. All goes on when the disk does.
/// </summary>
internal sealed class BlockLoader
{
    private readonly DecodedMemory _memory;
    private readonly ILocalBlocks _local;
    private readonly IBlockSource _upstream;
    private readonly OwnedTasks _owned;
    private readonly ILogger _logger;
    private readonly Stack<BlockMapper> _mappers = new();
    private readonly Lock _mappersGate = new();

    public BlockLoader(DecodedMemory memory, ILocalBlocks local, IBlockSource upstream, OwnedTasks owned, ILogger logger)
    {
        _memory = memory;
        _local = local;
        _upstream = upstream;
        _owned = owned;
        _logger = logger;
    }

    /// <summary>Loads on the calling thread what it can of a read's blocks. What is not on this host goes to the workers: this thread never waits for it.</summary>
    public void LoadHere(DiskRead read, int ticket)
    {
        if (!_memory.TryTakeOwn(read, ticket, out MemorySlot? slot)) return;
        BlockMapper mapper = Rent();
        do LoadLocal(slot, mapper);
        while (_memory.TryTakeOwn(read, ticket, out slot));
        Return(mapper);
    }

    /// <summary>A worker's life: the next step of the most urgent slot, until the memory stops.</summary>
    /// <param name="isStandIn">Whether it ends as soon as no thread is stuck any more.</param>
    public void Work(bool isStandIn)
    {
        using var mapper = new BlockMapper(_local);
        while (_memory.TryTakeNext(out MemorySlot? slot, isStandIn))
        {
            switch (slot.Step)
            {
                case LoadStep.Local:
                    LoadLocal(slot, mapper);
                    break;
                case LoadStep.Fetch:
                    _owned.Add(FetchAsync(slot));
                    break;
                case LoadStep.Map:
                    _memory.EndLoad(slot, Map(slot, mapper));
                    break;
                default:
                    throw new InvalidOperationException($"No such step: {slot.Step}.");
            }
        }
    }

    /// <summary>To be called when no thread loads any more.</summary>
    public void DisposeMappers()
    {
        lock (_mappersGate)
            while (_mappers.TryPop(out BlockMapper? mapper)) mapper.Dispose();
    }

    private void LoadLocal(MemorySlot slot, BlockMapper mapper)
    {
        SourceError error;
        bool mapped = false;

        // Asked before and after, for it may begin or end meanwhile.
        bool hung = _local.Hangs;
        try
        {
            // A row is bounded by the block size when its page is parsed, but the disk's last block may be shorter.
            error = slot.Key.Row.StoredLength > slot.Key.Length ? SourceError.None : mapper.TryReadLocal(slot.Key, slot.Bytes, out mapped);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            Log.LocalReadThrew(_logger, exception, slot.Key.Row.Name);
            error = SourceError.Unreachable;
        }

        // Not here, damaged here, disk failing: the rest of the chain may have it.
        if (error != SourceError.None) _memory.Requeue(slot, LoadStep.Fetch, passedDisk: error == SourceError.Unreachable && (hung || _local.Hangs));
        else _memory.EndLoad(slot, Judge(slot, mapped));
    }

    private async Task FetchAsync(MemorySlot slot)
    {
        if (!_memory.TryBeginFetch(slot, out BlockRequest? request, out CancellationToken cancellationToken)) return;
        Fetched fetched;
        try
        {
            // The slot's own memory holds the block file meanwhile, so fetches need no memory beside the limit.
            fetched = await _upstream.FetchAsync(request, slot.Memory[..request.StoredLength], cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            Log.FetchThrew(_logger, exception, request.Name);
            fetched = SourceError.Unreachable;
        }

        _memory.EndFetch(slot, fetched);
    }

    private SourceError Map(MemorySlot slot, BlockMapper mapper)
    {
        try
        {
            return Judge(slot, mapper.TryMapInPlace(slot.Key, slot.Fetched, slot.Bytes));
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            Log.MappingThrew(_logger, exception, slot.Key.Row.Name);
            return SourceError.Invalid;
        }
    }

    private SourceError Judge(MemorySlot slot, bool mapped)
    {
        if (mapped) return SourceError.None;
        Log.ContentWrong(_logger, slot.Key.Row.Name);
        return SourceError.Invalid;
    }

    private BlockMapper Rent()
    {
        lock (_mappersGate)
            if (_mappers.TryPop(out BlockMapper? mapper)) return mapper;
        return new BlockMapper(_local);
    }

    private void Return(BlockMapper mapper)
    {
        lock (_mappersGate) _mappers.Push(mapper);
    }
}
