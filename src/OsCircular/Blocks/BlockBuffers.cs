using System.Buffers;
using System.Numerics;

namespace OsCircular.Blocks;

/// <summary>
/// Memory for block files: what is given back is kept for the next, up to a limit in bytes. The runtime's own pool has a limit for each size, core and thread instead: measured while three hosts
/// fetched and evicted, it held 60 MiB for what needs 20, and what it let go lay between as 80 MiB of holes. Thread-safe; an array may be given back by another thread than rented it.
/// </summary>
public sealed class BlockBuffers : ArrayPool<byte>
{
    /// <summary>Bytes that <see cref="Shared"/> keeps at most: 96 arrays for blocks of the usual size.</summary>
    public const int SharedLimit = 24 << 20;

    private const int SmallestBits = 12;

    // One for each power of two from 4 KiB to the longest block file.
    private readonly Stack<byte[]>[] _free = [.. Enumerable.Range(SmallestBits, BitOperations.Log2(StoredBlock.MaxLength) - SmallestBits + 1).Select(_ => new Stack<byte[]>())];
    private readonly Lock _gate = new();
    private readonly long _limit;
    private long _kept;

    /// <param name="limit">Bytes kept at most; those that are rented do not count.</param>
    public BlockBuffers(long limit) => _limit = limit;

    /// <summary>Of the whole process: memory is its, and means nothing to whoever rents it next.</summary>
    public static new ArrayPool<byte> Shared { get; } = new BlockBuffers(SharedLimit);

    /// <summary>Bytes kept now.</summary>
    public long Kept => Interlocked.Read(ref _kept);

    /// <inheritdoc/>
    /// <param name="minimumLength">Bytes, from 0; more than <see cref="StoredBlock.MaxLength"/> are never kept.</param>
    public override byte[] Rent(int minimumLength)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(minimumLength);
        if (minimumLength > StoredBlock.MaxLength) return new byte[minimumLength];
        int size = PlaceOf(minimumLength);
        lock (_gate)
        {
            if (_free[size].TryPop(out byte[]? kept))
            {
                _kept -= kept.Length;
                return kept;
            }
        }

        return GC.AllocateUninitializedArray<byte>(1 << (size + SmallestBits));
    }

    /// <inheritdoc/>
    public override void Return(byte[] array, bool clearArray = false)
    {
        int size = PlaceOf(array.Length);
        if (size >= _free.Length || array.Length != 1 << (size + SmallestBits)) return;
        if (clearArray) Array.Clear(array);
        lock (_gate)
        {
            if (_kept + array.Length > _limit) return;
            _free[size].Push(array);
            _kept += array.Length;
        }
    }

    private static int PlaceOf(int length) => Math.Max(BitOperations.Log2((uint)Math.Max(length, 1) - 1) + 1 - SmallestBits, 0);
}
