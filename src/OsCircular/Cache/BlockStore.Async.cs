using OsCircular.Blocks;
using OsCircular.Sources;

namespace OsCircular.Cache;

/// <summary>The same for those whose thread must not be held by a disk that hangs: all who fetch.</summary>
public sealed partial class BlockStore
{
    /// <inheritdoc cref="TryRead"/>
    /// <param name="request">Which block.</param>
    /// <param name="destination">Lent for this call; written to only where the block is there.</param>
    internal async ValueTask<Fetched> ReadAsync(BlockRequest request, Memory<byte> destination)
    {
        if (!_health.MayRead()) return SourceError.Unreachable;

        // What comes back too late must write to nobody's memory.
        (SourceError error, StoredBlock held, byte[]? buffer) = await _readers.RunAsync(() => ReadOwn(request), (SourceError.Unreachable, default, null)).ConfigureAwait(false);
        Fetched fetched = error == SourceError.None ? Fetched.Of(held.CopyTo(destination)) : error;
        if (buffer is not null) BlockBuffers.Shared.Return(buffer);
        return fetched;
    }

    /// <inheritdoc cref="TryReserve"/>
    internal ValueTask<CacheReservation?> ReserveAsync(int storedLength) =>
        _health.MayWrite() ? _writers.RunAsync(() => TryReserve(storedLength), null, late => late?.Dispose()) : default;

    /// <inheritdoc cref="TryStore"/>
    internal async ValueTask<bool> StoreAsync(StoredBlock block, CacheReservation reservation, SourceKind from)
    {
        if (_health.MayWrite())
        {
            BlockName name = block.Name;

            // What is written too late may be what the memory held next.
            return await _writers.RunAsync(() => TryStore(block, reservation, from), otherwise: false, late => Withdraw(name, late)).ConfigureAwait(false);
        }

        reservation.Dispose();
        return false;
    }

    private (SourceError Error, StoredBlock Held, byte[]? Buffer) ReadOwn(BlockRequest request)
    {
        if (request.StoredLength is <= 0 or > StoredBlock.MaxLength) return (SourceError.Missing, default, null);
        byte[] buffer = BlockBuffers.Shared.Rent(request.StoredLength);
        SourceError error = TryRead(request.Name, request.StoredLength, buffer, out StoredBlock held);
        return (error, held, buffer);
    }

    private void Withdraw(BlockName name, bool stored)
    {
        if (!stored) return;
        lock (_slots.Of(name))
        {
            int error = _files.Remove(name);
            if (error == 0) _inventory.Removed(name);
            else _health.DiskFailed(error);
        }
    }
}
