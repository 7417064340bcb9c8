using Microsoft.Win32.SafeHandles;

namespace OsCircular.Cache;

/// <summary>The one order of steps after which a file survives a power loss whole: write, fsync, rename, fsync of the folder.</summary>
internal static class DurableFile
{
    /// <param name="path">What is replaced.</param>
    /// <param name="temporary">On the same file system; used by this call alone.</param>
    /// <param name="bytes">The new content.</param>
    /// <exception cref="IOException">A step failed; what stood at <paramref name="path"/> before still does.</exception>
    public static void Write(string path, string temporary, ReadOnlySpan<byte> bytes)
    {
        try
        {
            // Shared, for .NET would else lock it, and fail against a backup that reads it.
            using (FileStream file = new(temporary, FileMode.Create, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0))
            {
                file.Write(bytes);
                file.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException(e.Message, e);
        }

        SyncFolder(Path.GetDirectoryName(path)!);
    }

    /// <exception cref="IOException">It cannot be removed.</exception>
    public static void Delete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException(e.Message, e);
        }

        SyncFolder(Path.GetDirectoryName(path)!);
    }

    /// <exception cref="IOException">The folder cannot be opened or synced.</exception>
    public static void SyncFolder(string path)
    {
        using SafeFileHandle folder = LinuxFile.OpenFolder(path);
        if (!LinuxFile.Sync(folder)) throw new IOException($"cannot sync {path}: {LinuxFile.LastErrorText}");
    }
}
