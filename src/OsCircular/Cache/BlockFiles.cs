using System.Diagnostics;
using Microsoft.Win32.SafeHandles;
using OsCircular.Blocks;
using OsCircular.Sources;

namespace OsCircular.Cache;

/// <summary>
/// Block files on disk: <c>blocks/ab/NAME</c>, by system calls on open folders. Reading allocates nothing. Failures are results: 0 or the errno.
/// Two calls that change one name must not run at once: the caller sees to it.
/// </summary>
internal sealed class BlockFiles : IDisposable
{
    private const int PathSize = 2 + 1 + BlockName.TextLength + 1;

    private readonly SafeFileHandle _blocks;
    private readonly SafeFileHandle _temporary;

    /// <exception cref="IOException">A folder cannot be opened.</exception>
    public BlockFiles(string blocksPath, string temporaryPath)
    {
        _blocks = LinuxFile.OpenFolder(blocksPath);
        try
        {
            _temporary = LinuxFile.OpenFolder(temporaryPath);
        }
        catch (IOException)
        {
            _blocks.Dispose();
            throw;
        }
    }

    /// <summary>Size and free bytes of the file system; below zero where it cannot be asked.</summary>
    public (long Size, long Free) Space => LinuxFile.Space(_temporary);

    /// <summary>Reads a file of exactly this length.</summary>
    /// <param name="name">The block.</param>
    /// <param name="destination">As long as the file should be.</param>
    /// <returns>None, Missing, Invalid (another length) or Unreachable. The bytes are not verified.</returns>
    public SourceError Read(BlockName name, Span<byte> destination)
    {
        SourceError error = ReadUpTo(name, destination, out int length);
        return error == SourceError.None && length != destination.Length ? SourceError.Invalid : error;
    }

    /// <summary>Reads a file of any length up to the buffer's.</summary>
    /// <param name="name">The block.</param>
    /// <param name="destination">As long as any file may be.</param>
    /// <param name="length">Bytes read.</param>
    /// <param name="pastPageCache">Reads the disk itself, as far as nobody has the file's pages in use, and leaves nothing of it in the page cache.</param>
    /// <returns>None, Missing, Invalid (longer than the buffer) or Unreachable.</returns>
    public SourceError ReadUpTo(BlockName name, Span<byte> destination, out int length, bool pastPageCache = false)
    {
        length = 0;
        Span<byte> path = stackalloc byte[PathSize];
        WritePath(name, path);
        int file = LinuxFile.OpenRead(_blocks, path);
        if (file < 0) return LinuxFile.LastError == LinuxFile.ENOENT ? SourceError.Missing : SourceError.Unreachable;
        try
        {
            if (pastPageCache) LinuxFile.ForgetPages(file);
            length = LinuxFile.Read(file, destination, 0);
            if (pastPageCache) LinuxFile.ForgetPages(file);
            if (length < 0) return SourceError.Unreachable;
            if (length < destination.Length) return SourceError.None;
            Span<byte> beyond = stackalloc byte[1];
            return LinuxFile.Read(file, beyond, length) switch
            {
                0 => SourceError.None,
                < 0 => SourceError.Unreachable,
                _ => SourceError.Invalid,
            };
        }
        finally
        {
            _ = LinuxFile.Close(file);
        }
    }

    /// <summary>Writes the block beside and renames it into place; not synced, for a torn block file fails its name.</summary>
    /// <returns>0, or the errno; then nothing is left behind that the disk lets us remove.</returns>
    public int Write(in StoredBlock block)
    {
        Span<byte> path = stackalloc byte[PathSize];
        WritePath(block.Name, path);
        ReadOnlySpan<byte> temporary = path[3..];
        int error = WriteTemporary(temporary, block.Bytes.Span);
        if (error == 0) error = MoveIn(temporary, path);
        if (error != 0) LinuxFile.Unlink(_temporary, temporary);
        return error;
    }

    /// <returns>0, also where it is not there; or the errno.</returns>
    public int Remove(BlockName name)
    {
        Span<byte> path = stackalloc byte[PathSize];
        WritePath(name, path);
        return LinuxFile.Unlink(_blocks, path) || LinuxFile.LastError == LinuxFile.ENOENT ? 0 : LinuxFile.LastError;
    }

    private int WriteTemporary(ReadOnlySpan<byte> temporary, ReadOnlySpan<byte> bytes)
    {
        int file = LinuxFile.OpenWrite(_temporary, temporary);
        if (file < 0) return LinuxFile.LastError;
        int error = LinuxFile.Write(file, bytes) ? 0 : LinuxFile.LastError;

        // Some file systems tell of a full disk only here.
        if (!LinuxFile.Close(file) && error == 0) error = LinuxFile.LastError;
        return error;
    }

    private int MoveIn(ReadOnlySpan<byte> temporary, Span<byte> path)
    {
        if (LinuxFile.Rename(_temporary, temporary, _blocks, path)) return 0;
        if (LinuxFile.LastError != LinuxFile.ENOENT) return LinuxFile.LastError;

        // The first block of its folder.
        Span<byte> folder = [path[0], path[1], 0];
        if (!LinuxFile.MakeFolder(_blocks, folder) && LinuxFile.LastError != LinuxFile.EEXIST) return LinuxFile.LastError;
        return LinuxFile.Rename(_temporary, temporary, _blocks, path) ? 0 : LinuxFile.LastError;
    }

    private static void WritePath(BlockName name, Span<byte> path)
    {
        Span<byte> bytes = stackalloc byte[BlockName.Size];
        name.CopyTo(bytes);
        bool written = Convert.TryToHexStringLower(bytes, path[3..], out _);
        Debug.Assert(written, "the path has room for a name");
        path[3..5].CopyTo(path);
        path[2] = (byte)'/';
        path[^1] = 0;
    }

    public void Dispose()
    {
        _blocks.Dispose();
        _temporary.Dispose();
    }
}
