using OsCircular.Blocks;
using OsCircular.Sources;

namespace OsCircular.Publishing.Mirroring;

/// <summary>
/// Brings block files into a copy, several at once. One that the copy's old head needs was synced before that head, so its length is proof enough; one that an
/// interrupted copying left may be torn by a loss of power, and is read and verified before it counts.
/// </summary>
/// <param name="settled">Names that the copy's head needs.</param>
internal sealed class BlockCopier(RepositoryWriter writer, IBlockSource source, IReadOnlySet<BlockName> settled, CopyTally tally, TimeProvider time)
{
    /// <exception cref="CopyFault">It cannot be had.</exception>
    public async ValueTask BringAsync(BlockRow row, CancellationToken cancellationToken)
    {
        if (IsThere(row))
        {
            tally.Had(row.StoredLength);
            return;
        }

        byte[] buffer = BlockBuffers.Shared.Rent(row.StoredLength);
        try
        {
            BlockRequest request = new(row.Name, row.StoredLength, FetchClass.Fill, Deadline.In(CopyFiles.FileLimit, time));
            Fetched fetched = await source.FetchAsync(request, buffer, cancellationToken).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            if (!fetched.Succeeded)
                throw new CopyFault(fetched.Error, $"{RepositoryPaths.Block(row.Name)} could not be had ({fetched.Error.ToString().ToLowerInvariant()})");
            writer.StoreBlock(row.Name, fetched.Block.Bytes.Span);
        }
        finally
        {
            BlockBuffers.Shared.Return(buffer);
        }

        tally.Fetched(row.StoredLength);
    }

    private bool IsThere(BlockRow row)
    {
        FileInfo file = new(Path.Combine(writer.Root, RepositoryPaths.Block(row.Name)));
        if (!file.Exists || file.Length != row.StoredLength) return false;
        return settled.Contains(row.Name) || (BoundedFile.TryRead(file.FullName, row.StoredLength) is { } bytes && StoredBlock.TryVerify(row.Name, bytes, out _));
    }
}
