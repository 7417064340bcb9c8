using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.Sources;

namespace OsCircular.Benchmarks.Disks;

/// <summary>A disk made of this machine's own files, published into a folder that can be opened as a cache. Made once, then found again.</summary>
internal sealed class SampleDisk : IDocumentSource
{
    private readonly Dictionary<Digest, byte[]> _pages = [];

    private SampleDisk(BlockGeometry geometry) => Geometry = geometry;

    public BlockGeometry Geometry { get; }
    public Digest? Root { get; private set; }
    public List<BlockRow> Rows { get; } = [];

    /// <summary>Cuts the files below /usr, in the order of their names, into blocks until there are enough.</summary>
    public static SampleDisk Make(string folder, long size, int blockSize)
    {
        var disk = new SampleDisk(new BlockGeometry(size, blockSize));
        var index = new IndexTreeBuilder(new IndexShape(disk.Geometry), (digest, page) => disk._pages[digest] = page.ToArray());
        using var encoder = new BlockEncoder();
        byte[] block = new byte[blockSize];
        byte[] room = new byte[BlockEncoder.RoomFor(blockSize)];
        using IEnumerator<string> files = Directory.EnumerateFiles("/usr/lib", "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint })
            .Order(StringComparer.Ordinal).GetEnumerator();
        Stream current = Stream.Null;
        for (long number = 0; number < disk.Geometry.BlockCount; number++)
        {
            for (int filled = 0; filled < blockSize;)
            {
                int read = current.Read(block, filled, blockSize - filled);
                filled += read;
                if (read > 0) continue;
                current.Dispose();
                if (!files.MoveNext()) throw new UserError("/usr/lib is too small for a disk of this size");
                current = File.OpenRead(files.Current);
            }

            (int length, BlockEncoding encoding) = encoder.Encode(block, room);
            var row = new BlockRow(BlockName.Of(room.AsSpan(0, length)), Digest.Of(block), length, encoding);
            string path = Path.Combine(folder, RepositoryPaths.Block(row.Name));
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            if (!File.Exists(path)) File.WriteAllBytes(path, room.AsSpan(0, length));
            disk.Rows.Add(row);
            index.Add(row);
        }

        disk.Root = index.Complete();
        current.Dispose();
        return disk;
    }

    public ValueTask<FetchedDocument> FetchAsync(DocumentName name, Deadline deadline, CancellationToken cancellationToken) =>
        ValueTask.FromResult(_pages.TryGetValue(name.Digest, out byte[]? page) ? FetchedDocument.Verify(name, page) : SourceError.Missing);
}
