using OsCircular.Blocks;
using OsCircular.Sources;

namespace OsCircular.Publishing;

/// <summary>
/// Makes block files again out of a disk image: where a block's bytes are found in it, they are encoded as the publisher did, at whichever level gives that
/// very name. One asker at a time.
/// </summary>
public sealed class ImageSource : IBlockSource, IDocumentSource, IDisposable
{
    private readonly string _path;
    private readonly DiskInput _image;
    private readonly Dictionary<BlockName, (long Offset, DamagedBlock Block)> _found = [];

    private ImageSource(string path, DiskInput image)
    {
        _path = path;
        _image = image;
    }

    /// <summary>Looks through an image, once for each block size.</summary>
    /// <param name="path">A raw disk image.</param>
    /// <param name="wanted">What is looked for.</param>
    /// <param name="blockSizes">Of the versions that may need it.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <exception cref="UserError">The image cannot be read.</exception>
    public static ImageSource Open(string path, IReadOnlyList<DamagedBlock> wanted, IEnumerable<int> blockSizes, CancellationToken cancellationToken)
    {
        ImageSource source = new(path, DiskInput.Open(path, pad: true));
        try
        {
            ILookup<Digest, DamagedBlock> byContent = wanted.ToLookup(block => block.Row.Content);
            foreach (int size in blockSizes.Distinct())
            {
                if (source._found.Count < wanted.Count) source.Look(byContent, new BlockGeometry(source._image.DiskSize, size), cancellationToken);
            }

            return source;
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public ValueTask<Fetched> FetchAsync(BlockRequest request, Memory<byte> destination, CancellationToken cancellationToken)
    {
        if (!_found.TryGetValue(request.Name, out (long Offset, DamagedBlock Block) at) || at.Block.Row.StoredLength != request.StoredLength) return new(SourceError.Missing);
        byte[] block = new byte[at.Block.BlockLength];
        _image.Read(block, at.Offset);
        IEnumerable<int> levels = Enumerable.Range(BlockEncoder.MinLevel, BlockEncoder.MaxLevel).OrderBy(level => level != BlockEncoder.DefaultLevel);
        foreach (int level in levels)
        {
            if (cancellationToken.IsCancellationRequested) return new(SourceError.Cancelled);
            if (TryMake(at.Block.Row, block, level, destination, out StoredBlock made)) return new(Fetched.Of(made));
            if (at.Block.Row.Encoding == BlockEncoding.Raw) break;
        }

        return new(SourceError.Invalid);
    }

    /// <summary>An image has no documents.</summary>
    public ValueTask<FetchedDocument> FetchAsync(DocumentName name, Deadline deadline, CancellationToken cancellationToken) => new(SourceError.Missing);

    public override string ToString() => _path;

    public void Dispose() => _image.Dispose();

    private static bool TryMake(in BlockRow row, byte[] block, int level, Memory<byte> destination, out StoredBlock made)
    {
        if (row.Encoding == BlockEncoding.Raw)
        {
            block.CopyTo(destination);
            return StoredBlock.TryVerify(row.Name, destination[..block.Length], out made);
        }

        made = default;
        using BlockEncoder encoder = new(level);
        byte[] room = new byte[BlockEncoder.RoomFor(block.Length)];
        (int length, BlockEncoding encoding) = encoder.Encode(block, room);
        if (encoding != row.Encoding || length != row.StoredLength) return false;
        room.AsMemory(0, length).CopyTo(destination);
        return StoredBlock.TryVerify(row.Name, destination[..length], out made);
    }

    private void Look(ILookup<Digest, DamagedBlock> wanted, BlockGeometry geometry, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[geometry.BlockSize];
        for (long block = 0; block < geometry.BlockCount; block++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            long offset = geometry.OffsetOf(block);
            (long data, _) = _image.NextData(offset);
            if (data >= offset + geometry.LengthOf(block)) continue;
            Span<byte> bytes = buffer.AsSpan(0, geometry.LengthOf(block));
            _image.Read(bytes, offset);
            foreach (DamagedBlock found in wanted[Digest.Of(bytes)]) _found.TryAdd(found.Row.Name, (offset, found));
        }
    }
}
