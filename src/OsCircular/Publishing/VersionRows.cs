using System.Collections.Concurrent;
using Microsoft.Win32.SafeHandles;
using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.Sources;

namespace OsCircular.Publishing;

/// <summary>
/// The blocks of one published version, out of its repository's folder. Index pages are read when first asked for and then kept: at most the size of the index.
/// Thread-safe. What is missing or damaged is a <see cref="UserError"/>.
/// </summary>
/// <param name="repository">The repository's folder.</param>
/// <param name="version">The version.</param>
internal sealed class VersionRows(string repository, ManifestVersion version) : IDisposable
{
    private readonly IndexShape _shape = new(version.Geometry);
    private readonly Lock _gate = new(); // guards _pages
    private readonly Dictionary<(int Level, long Page), IndexPage?> _pages = [];
    private readonly ConcurrentBag<BlockDecoder> _decoders = [];

    public BlockGeometry Geometry => _shape.Geometry;

    /// <returns>False where the block is all zeros, or past the disk's end.</returns>
    public bool TryGet(long block, out BlockRow row)
    {
        row = default;
        return block < Geometry.BlockCount && Page(0, IndexShape.PageOf(block, 0)) is { } leaf && leaf.TryGetRow(IndexShape.EntryOf(block, 0), out row);
    }

    /// <summary>The first block at or after this one that is not all zeros; the block count where there is none.</summary>
    public long NextPresent(long block)
    {
        while (block < Geometry.BlockCount)
        {
            long page = IndexShape.PageOf(block, 0), first = IndexShape.FirstBlockOf(page, 0);
            int entry = Page(0, page)?.NextPresent(IndexShape.EntryOf(block, 0)) ?? IndexShape.EntriesPerPage;
            if (entry < IndexShape.EntriesPerPage) return first + entry;
            block = first + IndexShape.EntriesPerPage;
        }

        return Geometry.BlockCount;
    }

    /// <summary>The first block after this one, which is not all zeros, that is; or where its index page ends.</summary>
    public long EndOfPresent(long block)
    {
        long page = IndexShape.PageOf(block, 0);
        return Math.Min(Geometry.BlockCount, IndexShape.FirstBlockOf(page, 0) + Page(0, page)!.NextAbsent(IndexShape.EntryOf(block, 0)));
    }

    /// <summary>Reads a block and verifies it.</summary>
    /// <param name="block">Its number.</param>
    /// <param name="destination">Filled whole: with as much of the block as there is room for, then zeros.</param>
    public void Read(long block, Span<byte> destination)
    {
        destination.Clear();
        if (!TryGet(block, out BlockRow row)) return;
        int length = Geometry.LengthOf(block);
        byte[] file = BlockBuffers.Shared.Rent(row.StoredLength), bytes = BlockBuffers.Shared.Rent(length);
        if (!_decoders.TryTake(out BlockDecoder? decoder)) decoder = new BlockDecoder();
        try
        {
            string path = Path.Combine(repository, RepositoryPaths.Block(row.Name));
            if (!StoredBlock.TryVerify(row.Name, Load(path, file.AsMemory(0, row.StoredLength)), out StoredBlock stored)
                || !Block.TryMap(row, stored, proven: false, decoder, bytes.AsMemory(0, length), out Block mapped)) throw Damaged(path, "is not the block that the index names");
            mapped.Bytes.Span[..Math.Min(length, destination.Length)].CopyTo(destination);
        }
        finally
        {
            _decoders.Add(decoder);
            BlockBuffers.Shared.Return(file);
            BlockBuffers.Shared.Return(bytes);
        }
    }

    public void Dispose()
    {
        foreach (BlockDecoder decoder in _decoders) decoder.Dispose();
    }

    private static ReadOnlyMemory<byte> Load(string path, Memory<byte> destination)
    {
        try
        {
            using SafeFileHandle file = File.OpenHandle(path);
            return destination[..RandomAccess.Read(file, destination.Span, 0)];
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw Damaged(path, $"cannot be read ({cause.Message.TrimEnd('.')})");
        }
    }

    private IndexPage? Page(int level, long number)
    {
        lock (_gate)
        {
            if (_pages.TryGetValue((level, number), out IndexPage? page)) return page;
            return _pages[(level, number)] = DigestOf(level, number) is { } digest ? Parse(digest, level) : null;
        }
    }

    private Digest? DigestOf(int level, long number)
    {
        if (level == _shape.RootLevel) return version.Index;
        long block = IndexShape.FirstBlockOf(number, level);
        return Page(level + 1, IndexShape.PageOf(block, level + 1)) is { } parent && parent.TryGetChild(IndexShape.EntryOf(block, level + 1), out Digest child) ? child : null;
    }

    private IndexPage Parse(Digest digest, int level)
    {
        string path = Path.Combine(repository, RepositoryPaths.Document(DocumentKind.IndexPage, digest));
        byte[] bytes = BoundedFile.Read(path, IndexPage.MaxLength);
        return Digest.Of(bytes) == digest && IndexPage.TryParse(bytes, level, Geometry.BlockSize, out IndexPage? page, out _)
            ? page
            : throw Damaged(path, IndexWalk.NotItsName);
    }

    private static UserError Damaged(string path, string fault) => new($"{path} {fault}; put it back from a mirror, run verify, then commit again.");
}
