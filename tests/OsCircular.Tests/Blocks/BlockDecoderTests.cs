using CsCheck;
using OsCircular.Blocks;
using OsCircular.Tests.Architecture;

namespace OsCircular.Tests.Blocks;

/// <summary>What may reach the decompressor, and what may come out of it.</summary>
public sealed class BlockDecoderTests
{
    private const int Length = BlockGeometry.MinBlockSize;
    private const int FuzzSeconds = 2;

    private static readonly byte[] Text = [.. Enumerable.Range(0, Length).Select(i => (byte)('a' + i * 7 % 23))];
    private static readonly byte[] Frame = Encode(Text);

    [Fact]
    public void TryMap_GoodFrame_IsTheBlock()
    {
        Assert.True(TryMap(Frame, RowOf(Frame), Length, out byte[] block));
        Assert.Equal(Text, block);
    }

    [Theory]
    [InlineData(Length / 2)]
    [InlineData(Length - 1)]
    [InlineData(Length + 1)]
    [InlineData(BlockGeometry.MaxBlockSize)]
    public void TryMap_FrameThatDeclaresAnotherSizeThanTheIndex_IsRefusedAndWritesNothingBeyond(int declared)
    {
        byte[] bomb = Encode(new byte[declared]);
        Assert.False(TryMap(bomb, RowOf(bomb), Length, out _));
    }

    [Fact]
    public void TryMap_FrameThatDeclaresNoSize_IsRefused()
    {
        // The same frame with its header made anew: no single segment, a window, no content size (RFC 8878, 3.1.1.1).
        int header = 4 + 1 + (Frame[4] >> 6) switch { 0 => 1, 1 => 2, 2 => 4, _ => 8 };
        byte[] without = [.. Frame[..4], 0x00, 0x38, .. Frame[header..]];
        Assert.False(TryMap(without, RowOf(without), Length, out _));
    }

    [Fact]
    public void TryMap_BytesThatAreNotTheirName_AreNoStoredBlockAtAll()
    {
        byte[] wrong = [.. Frame];
        wrong[^1] ^= 1;
        Assert.False(StoredBlock.TryVerify(BlockName.Of(Frame), wrong, out StoredBlock stored));
        using var decoder = new BlockDecoder();
        Assert.False(Block.TryMap(RowOf(Frame), stored, proven: true, decoder, new byte[Length], out _));
    }

    // A collision in SHA-1 or a wrong publisher: the bytes are what their name says, whatever they are.
    [Fact]
    public void TryMap_AnyBytesUnderTheirOwnName_NeverThrowsNorWritesBeyond() => Gen.Select(Gen.Int[0, Frame.Length], Gen.Byte.Array[0, 12], Gen.Int[0, Frame.Length]).Sample(
        mutation =>
        {
            (int at, byte[] bytes, int end) = mutation;
            byte[] mutant = Frame[..Math.Max(1, end)];
            bytes.AsSpan(0, Math.Min(bytes.Length, mutant.Length - Math.Min(at, mutant.Length))).CopyTo(mutant.AsSpan(Math.Min(at, mutant.Length)));
            bool mapped = TryMap(mutant, RowOf(mutant), Length, out byte[] block);
            return !mapped || block.AsSpan().SequenceEqual(Text);
        },
        time: FuzzSeconds);

    [Fact]
    public void Decompressor_InSrc_IsReachedThroughTheCheckOnly()
    {
        string[] decoding = [.. Repository.Files("src", "*.cs").Where(file => File.ReadAllText(Repository.PathOf(file)).Contains("Decompressor", StringComparison.Ordinal))];
        Assert.Equal(["src/OsCircular/Blocks/BlockDecoder.cs"], decoding);

        // Block.TryMap is given a StoredBlock, and a StoredBlock is only made by verifying.
        string[] calling = [.. Repository.Files("src", "*.cs").Where(file => File.ReadAllText(Repository.PathOf(file)).Contains("decoder.TryDecode(", StringComparison.Ordinal))];
        Assert.Equal(["src/OsCircular/Blocks/Block.cs"], calling);
    }

    private static BlockRow RowOf(byte[] blockFile) => new(BlockName.Of(blockFile), Digest.Of(Text), blockFile.Length, BlockEncoding.Zstd);

    private static bool TryMap(byte[] blockFile, BlockRow row, int length, out byte[] block)
    {
        Assert.True(StoredBlock.TryVerify(row.Name, blockFile, out StoredBlock stored));
        byte[] room = new byte[length + 64];
        Array.Fill(room, (byte)0xEE);
        using var decoder = new BlockDecoder();
        bool mapped = Block.TryMap(row, stored, proven: false, decoder, room.AsMemory(0, length), out _);
        Assert.True(room.AsSpan(length).IndexOfAnyExcept((byte)0xEE) < 0, "it wrote beyond the block");
        block = room[..length];
        return mapped;
    }

    private static byte[] Encode(byte[] block)
    {
        using var encoder = new BlockEncoder();
        byte[] room = new byte[BlockEncoder.RoomFor(block.Length)];
        (int length, BlockEncoding encoding) = encoder.Encode(block, room);
        Assert.Equal(BlockEncoding.Zstd, encoding);
        return room[..length];
    }
}
