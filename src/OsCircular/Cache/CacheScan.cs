using System.Globalization;
using System.IO.Enumeration;
using OsCircular.Blocks;

namespace OsCircular.Cache;

/// <summary>What lies in the cache's folders: names and lengths from the file system, nothing read or verified.</summary>
internal static class CacheScan
{
    /// <summary>Every file that lies where a block file of its name belongs.</summary>
    /// <exception cref="IOException">A folder cannot be read.</exception>
    public static IEnumerable<(BlockName Name, long Length)> Blocks(string blocksPath)
    {
        for (int prefix = 0; prefix < 256; prefix++)
        {
            string folder = Path.Combine(blocksPath, prefix.ToString("x2", CultureInfo.InvariantCulture));
            if (!Directory.Exists(folder)) continue;
            foreach ((BlockName, long) file in new FileSystemEnumerable<(BlockName, long)>(folder, Read) { ShouldIncludePredicate = IsBlockFile }) yield return file;
        }
    }

    /// <summary>Bytes of all documents in a folder; none where it is not there.</summary>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    public static long Documents(string folder) =>
        Directory.Exists(folder) ? new FileSystemEnumerable<long>(folder, (ref FileSystemEntry entry) => entry.Length).Sum() : 0;

    private static (BlockName, long) Read(ref FileSystemEntry entry)
    {
        _ = BlockName.TryParse(entry.FileName, out BlockName name);
        return (name, entry.Length);
    }

    private static bool IsBlockFile(ref FileSystemEntry entry) =>
        !entry.IsDirectory && BlockName.TryParse(entry.FileName, out _) && Path.GetFileName(entry.Directory).SequenceEqual(entry.FileName[..2]);
}
