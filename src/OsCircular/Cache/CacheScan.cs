using System.IO.Enumeration;
using OsCircular.Blocks;

namespace OsCircular.Cache;

/// <summary>What lies in the cache's folders: names and lengths from the file system, nothing read or verified.</summary>
internal static class CacheScan
{
    /// <summary>Tells of every file that lies where a block file of its name belongs; folder by folder, until stopped.</summary>
    public static void Blocks(string blocksPath, Action<BlockName, int> found, CancellationToken stop)
    {
        for (int prefix = 0; prefix < 256 && !stop.IsCancellationRequested; prefix++)
        {
            string folder = Path.Combine(blocksPath, prefix.ToString("x2", System.Globalization.CultureInfo.InvariantCulture));
            if (!Directory.Exists(folder)) continue;
            foreach ((BlockName name, long length) in new FileSystemEnumerable<(BlockName, long)>(folder, Read) { ShouldIncludePredicate = IsBlockFile })
                found(name, (int)Math.Min(length, int.MaxValue));
        }
    }

    /// <summary>Bytes of all documents in a folder; none where it is not there.</summary>
    public static long Documents(string folder) =>
        Directory.Exists(folder) ? new FileSystemEnumerable<long>(folder, (ref FileSystemEntry entry) => entry.Length).Sum() : 0;

    private static (BlockName, long) Read(ref FileSystemEntry entry)
    {
        _ = BlockName.TryParse(entry.FileName, out BlockName name);
        return (name, entry.Length);
    }

    private static bool IsBlockFile(ref FileSystemEntry entry) => !entry.IsDirectory && BlockName.TryParse(entry.FileName, out _);
}
