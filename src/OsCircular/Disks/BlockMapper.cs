using OsCircular.Blocks;
using OsCircular.Sources;

namespace OsCircular.Disks;

/// <summary>Turns block files into the blocks their rows tell of: a decoder and a scratch buffer, used by one thread at a time and then again by another.</summary>
internal sealed class BlockMapper(ILocalBlocks local) : IDisposable
{
    private readonly BlockDecoder _decoder = new();
    private byte[] _scratch = [];

    /// <summary>Reads a block from this host's own disk into its slot.</summary>
    /// <param name="key">What it must be.</param>
    /// <param name="destination">Exactly the block's length.</param>
    /// <param name="mapped">Where it was found: whether it is what its row says.</param>
    /// <returns>Whether, and why not, its block file could be had here.</returns>
    public SourceError TryReadLocal(in SlotKey key, Memory<byte> destination, out bool mapped)
    {
        mapped = false;
        SourceError error = local.TryRead(key.Row.Name, key.Row.StoredLength, Scratch(key.Row.StoredLength), out StoredBlock stored);
        if (error == SourceError.None) mapped = TryMap(key.Row, stored, destination);
        return error;
    }

    /// <summary>Maps a block file that lies in the very slot the block is to lie in.</summary>
    public bool TryMapInPlace(in SlotKey key, in StoredBlock stored, Memory<byte> destination)
    {
        Memory<byte> decoded = Scratch(key.Length);
        if (!TryMap(key.Row, stored, decoded)) return false;
        decoded.CopyTo(destination);
        return true;
    }

    public void Dispose() => _decoder.Dispose();

    private bool TryMap(in BlockRow row, in StoredBlock stored, Memory<byte> destination)
    {
        bool proven = local.IsProven(row.Name, row.Content);
        if (!Block.TryMap(row, stored, proven, _decoder, destination, out _)) return false;
        if (!proven) local.MarkProven(row.Name, row.Content);
        return true;
    }

    private Memory<byte> Scratch(int length)
    {
        if (_scratch.Length < length) _scratch = GC.AllocateUninitializedArray<byte>((int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)length));
        return _scratch.AsMemory(0, length);
    }
}
