using OsCircular.Blocks;

namespace OsCircular.Benchmarks.HotPaths;

/// <summary>A block of 256 KiB that zstd makes about three times smaller, as it does with what lies on a Debian disk, and its block file.</summary>
internal sealed class SampleBlock
{
    public SampleBlock(int seed = 1)
    {
        var random = new Random(seed);
        Content = GC.AllocateUninitializedArray<byte>(BlockGeometry.DefaultBlockSize, pinned: true);
        for (int at = 0; at < Content.Length;)
        {
            // Runs of new bytes and runs copied from before, of the lengths that program code has.
            int length = Math.Min(random.Next(4, 24), Content.Length - at);
            Span<byte> run = Content.AsSpan(at, length);
            if (at > 4096 && random.Next(4) != 0) Content.AsSpan(random.Next(at - length), length).CopyTo(run);
            else random.NextBytes(run);
            at += length;
        }

        using var encoder = new BlockEncoder();
        byte[] room = new byte[BlockEncoder.RoomFor(Content.Length)];
        (int stored, BlockEncoding encoding) = encoder.Encode(Content, room);
        File = GC.AllocateUninitializedArray<byte>(stored, pinned: true);
        room.AsSpan(0, stored).CopyTo(File);
        Row = new BlockRow(BlockName.Of(File), Digest.Of(Content), stored, encoding);
    }

    public byte[] Content { get; }

    public byte[] File { get; }

    public BlockRow Row { get; }
}
