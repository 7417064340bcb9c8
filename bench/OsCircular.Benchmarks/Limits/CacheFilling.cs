using Microsoft.Extensions.Logging.Abstractions;
using OsCircular.Blocks;
using OsCircular.Cache;

namespace OsCircular.Benchmarks.Limits;

/// <summary>Makes a cache of many tiny block files through the cache's own code, catalogue included: what target T12 starts with.</summary>
internal static class CacheFilling
{
    private const int Length = 64;

    public static async Task RunAsync(string folder, int count)
    {
        await using BlockCache cache = BlockCache.Open(folder, new CacheOptions(), _ => false, TimeProvider.System, NullLogger.Instance);
        await cache.Loaded;
        int left = count - cache.Status.Blocks;
        Parallel.For(0, Math.Max(0, left), i => Store(cache.Blocks, i));
        if (cache.Status.Blocks < count) throw new UserError($"{folder}: only {cache.Status.Blocks} of {count} blocks were stored; is there room, and are there inodes?");
    }

    private static void Store(BlockStore store, int number)
    {
        byte[] bytes = new byte[Length];
        new Random(number).NextBytes(bytes);
        if (!StoredBlock.TryVerify(BlockName.Of(bytes), bytes, out StoredBlock block) || store.TryReserve(Length) is not { } room || !store.TryStore(block, room, SourceKind.Mirror))
            throw new UserError($"block {number} could not be stored");
    }
}
