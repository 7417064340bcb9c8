using System.Globalization;
using System.IO.Enumeration;
using OsCircular.Blocks;
using OsCircular.Sources;

namespace OsCircular.Cache;

/// <summary>What lies in the cache's folders: names and lengths from the file system, nothing read or verified.</summary>
internal static class CacheScan
{
    /// <summary>Every file that lies where a block file of its name belongs.</summary>
    /// <exception cref="IOException">A folder cannot be read.</exception>
    public static IEnumerable<(BlockName Name, long Length)> Blocks(string blocksPath)
    {
        for (int prefix = 0; prefix < 256; prefix++)
            foreach ((BlockName, long) file in Blocks(blocksPath, prefix)) yield return file;
    }

    /// <summary>The same for one folder.</summary>
    /// <param name="blocksPath">The folder of them all.</param>
    /// <param name="prefix">The first byte of the names, 0 to 255.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static IEnumerable<(BlockName Name, long Length)> Blocks(string blocksPath, int prefix)
    {
        string folder = Path.Combine(blocksPath, prefix.ToString("x2", CultureInfo.InvariantCulture));
        return Directory.Exists(folder) ? new FileSystemEnumerable<(BlockName, long)>(folder, Read) { ShouldIncludePredicate = IsBlockFile } : [];
    }

    /// <summary>Every file in the folders of documents, and the name of the document that belongs there; null for a file of another's.</summary>
    /// <exception cref="IOException">A folder cannot be read.</exception>
    public static IEnumerable<(DocumentName? Name, long Length)> Documents(CacheDirectory directory)
    {
        foreach (string folder in RepositoryPaths.DocumentFolders)
        {
            string path = directory.Of(folder);
            if (!Directory.Exists(path)) continue;
            foreach ((string file, long length) in new FileSystemEnumerable<(string, long)>(path, (ref FileSystemEntry entry) => (entry.FileName.ToString(), entry.Length)))
                yield return (DocumentName.TryParse($"{folder}/{file}", out DocumentName name) ? name : null, length);
        }
    }

    private static (BlockName, long) Read(ref FileSystemEntry entry)
    {
        _ = BlockName.TryParse(entry.FileName, out BlockName name);
        return (name, entry.Length);
    }

    private static bool IsBlockFile(ref FileSystemEntry entry) =>
        !entry.IsDirectory && BlockName.TryParse(entry.FileName, out _) && Path.GetFileName(entry.Directory).SequenceEqual(entry.FileName[..2]);
}
