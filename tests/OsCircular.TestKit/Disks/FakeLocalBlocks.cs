using System.Collections.Concurrent;
using OsCircular.Blocks;
using OsCircular.Sources;

namespace OsCircular.TestKit.Disks;

/// <summary>A host's own block files, in memory. What lies under a name need not be its block: a damaged copy is set aside as the contract says.</summary>
public sealed class FakeLocalBlocks : ILocalBlocks
{
    private readonly ConcurrentDictionary<BlockName, byte[]> _held = new();
    private readonly ConcurrentDictionary<BlockName, Digest> _proven = new();
    private int _reads;
    private int _inside;

    public int Reads => Volatile.Read(ref _reads);

    /// <summary>Calls that are held back by <see cref="Gate"/> now.</summary>
    public int Inside => Volatile.Read(ref _inside);

    public int Proofs => _proven.Count;

    /// <summary>Every read waits for this before it answers; replace it with an unset one to be a disk that hangs.</summary>
    public ManualResetEventSlim Gate { get; set; } = new(true);

    /// <summary>Every read fails so, unless none.</summary>
    public SourceError Failure { get; set; }

    /// <summary>What it says of itself.</summary>
    public bool Hangs { get; set; }

    public void Add(byte[] blockFile) => _held[BlockName.Of(blockFile)] = blockFile;

    /// <summary>Puts bytes under a name that is not theirs.</summary>
    public void AddDamaged(BlockName name, byte[] bytes) => _held[name] = bytes;

    public void Clear() => _held.Clear();

    public bool Remove(BlockName name) => _held.TryRemove(name, out _);

    public SourceError TryRead(BlockName name, int storedLength, Memory<byte> destination, out StoredBlock block)
    {
        block = default;
        Interlocked.Increment(ref _reads);
        if (!Gate.IsSet)
        {
            Interlocked.Increment(ref _inside);
            Gate.Wait();
            Interlocked.Decrement(ref _inside);
        }

        if (Failure != SourceError.None) return Failure;
        if (!_held.TryGetValue(name, out byte[]? bytes)) return SourceError.Missing;
        if (bytes.Length == storedLength)
        {
            bytes.CopyTo(destination);
            if (StoredBlock.TryVerify(name, destination[..storedLength], out block)) return SourceError.None;
        }

        _held.TryRemove(name, out _);
        return SourceError.Invalid;
    }

    public bool MayHold(BlockName name) => _held.ContainsKey(name);

    public bool IsProven(BlockName name, Digest content) => _proven.TryGetValue(name, out Digest proven) && proven == content;

    public void MarkProven(BlockName name, Digest content) => _proven[name] = content;
}
