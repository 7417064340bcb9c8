using OsCircular.Blocks;

namespace OsCircular.Publishing;

/// <summary>What became of a block.</summary>
internal enum BlockFate
{
    Zero,
    New,
    Reused,

    /// <summary>Taken over from a published version, unread.</summary>
    Kept,
}

/// <summary>A block dealt with.</summary>
/// <param name="Fate">What became of it.</param>
/// <param name="Number">Its number among the known blocks; meaningless for zeros.</param>
/// <param name="Row">Its row; <c>default</c> for zeros.</param>
/// <param name="Length">Its length in bytes.</param>
internal readonly record struct CutBlock(BlockFate Fate, int Number, BlockRow Row, int Length);

/// <summary>Names a block file; a test puts a weak hash here to make names clash.</summary>
internal delegate BlockName BlockNaming(ReadOnlySpan<byte> blockFile);

/// <summary>
/// Takes one block after another from the image to its block file: read, hash, look up, encode, name, store. One for each thread.
/// A block whose content is known costs reading and one SHA-256.
/// </summary>
internal sealed class BlockCutter : IDisposable
{
    private readonly IDiskInput _input;
    private readonly BlockGeometry _geometry;
    private readonly KnownBlocks _known;
    private readonly RepositoryWriter _writer;
    private readonly BlockNaming _nameOf;
    private readonly BlockEncoder _encoder;
    private readonly int _level;
    private readonly byte[] _block;
    private readonly byte[] _encoded;

    public BlockCutter(IDiskInput input, BlockGeometry geometry, KnownBlocks known, RepositoryWriter writer, int level, BlockNaming nameOf)
    {
        _input = input;
        _geometry = geometry;
        _known = known;
        _writer = writer;
        _nameOf = nameOf;
        _level = level;
        _encoder = new BlockEncoder(level);
        _block = GC.AllocateUninitializedArray<byte>(geometry.BlockSize);
        _encoded = GC.AllocateUninitializedArray<byte>(BlockEncoder.RoomFor(geometry.BlockSize));
    }

    public CutBlock Cut(long number)
    {
        Span<byte> block = _block.AsSpan(0, _geometry.LengthOf(number));
        if (_input.IsKept(number, out BlockRow kept) && _known.TryFind(kept.Content, out int knownKept, out kept))
            return new CutBlock(BlockFate.Kept, knownKept, kept, block.Length);
        _input.Read(block, _geometry.OffsetOf(number));
        if (!block.ContainsAnyExcept((byte)0)) return new CutBlock(BlockFate.Zero, -1, default, block.Length);

        Digest content = Digest.Of(block);
        return _known.TryFind(content, out int known, out BlockRow row)
            ? new CutBlock(BlockFate.Reused, known, row, block.Length)
            : Add(block, content);
    }

    public void Dispose() => _encoder.Dispose();

    private CutBlock Add(ReadOnlySpan<byte> block, Digest content)
    {
        (int length, BlockEncoding encoding) = _encoder.Encode(block, _encoded);
        if (TryAdd(_encoded.AsSpan(0, length), encoding, block.Length) is { } cut) return cut;

        // Its name stands for another content: two block files with one SHA-1, which only an attacker makes. Any other form of the block has another name.
        if (encoding != BlockEncoding.Raw && TryAdd(block, BlockEncoding.Raw, block.Length) is { } raw) return raw;
        for (int level = BlockEncoder.MinLevel; level <= BlockEncoder.MaxLevel; level++)
        {
            if (level == _level) continue;
            using var other = new BlockEncoder(level);
            (length, encoding) = other.Encode(block, _encoded);
            if (encoding != BlockEncoding.Raw && TryAdd(_encoded.AsSpan(0, length), encoding, block.Length) is { } another) return another;
        }

        throw new UserError($"Block with SHA-256 {content}: every form of it has a name that stands for another block; publish with another block size.");

        CutBlock? TryAdd(ReadOnlySpan<byte> file, BlockEncoding how, int blockLength)
        {
            var row = new BlockRow(_nameOf(file), content, file.Length, how);
            switch (_known.Add(row, out int number))
            {
                case Known.NameTaken:
                    return null;
                case Known.SameContent: // another thread met the same block in the meantime
                    return new CutBlock(BlockFate.Reused, number, _known[number], blockLength);
                default:
                    _writer.StoreBlock(row.Name, file);
                    return new CutBlock(BlockFate.New, number, row, blockLength);
            }
        }
    }
}
