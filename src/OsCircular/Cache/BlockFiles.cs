using System.Diagnostics;
using Microsoft.Win32.SafeHandles;
using OsCircular.Blocks;
using OsCircular.Sources;

namespace OsCircular.Cache;

/// <summary>
/// Block files on disk: <c>blocks/ab/NAME</c>, by system calls on open folders. Reading allocates nothing. Failures are results: 0 or the errno.
/// Two calls that change one name must not run at once: the caller sees to it. The folders may be let go, so that nothing of ours holds a disk that was
/// taken out, and opened again where it comes back; what is called in between fails.
/// </summary>
internal sealed class BlockFiles : IDisposable
{
    private const int PathSize = 2 + 1 + BlockName.TextLength + 1;

    private readonly string _blocksPath;
    private readonly string _temporaryPath;
    private readonly HangWatch _hangs;
    private volatile Folders _folders;

    /// <exception cref="IOException">A folder cannot be opened.</exception>
    public BlockFiles(string blocksPath, string temporaryPath, HangWatch hangs)
    {
        _hangs = hangs;
        _blocksPath = blocksPath;
        _temporaryPath = temporaryPath;
        _folders = Folders.Open(blocksPath, temporaryPath);
    }

    /// <summary>Size and free bytes of the file system; below zero where it cannot be asked.</summary>
    public (long Size, long Free) Space
    {
        get
        {
            using DiskCall call = _hangs.Writes.Begin();
            try
            {
                return LinuxFile.Space(_folders.Temporary);
            }
            catch (ObjectDisposedException)
            {
                return (-1, -1);
            }
        }
    }

    /// <summary>Has all that was written so far reach the disk. Not watched, for with much to write it takes long on a disk that is well.</summary>
    /// <returns>False where the disk fails or is gone.</returns>
    public bool Sync()
    {
        try
        {
            return LinuxFile.SyncFileSystem(_folders.Blocks);
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
    }

    /// <summary>Lets the folders go. Calls under way still end in them; later ones fail.</summary>
    public void LetGo() => _folders.Dispose();

    /// <summary>Opens what lies at the paths now, in the place of what was let go.</summary>
    /// <exception cref="IOException">A folder cannot be opened.</exception>
    public void OpenAgain() => _folders = Folders.Open(_blocksPath, _temporaryPath);

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
    /// <param name="length">Bytes read; below zero where the file was opened and the disk does not yield it: minus the errno.</param>
    /// <param name="pastPageCache">Reads the disk itself, as far as nobody has the file's pages in use, and leaves nothing of it in the page cache.</param>
    /// <returns>None, Missing, Invalid (longer than the buffer) or Unreachable.</returns>
    public SourceError ReadUpTo(BlockName name, Span<byte> destination, out int length, bool pastPageCache = false)
    {
        length = 0;
        Span<byte> path = stackalloc byte[PathSize];
        WritePath(name, path);
        using DiskCall call = _hangs.Reads.Begin();
        if (!TryOpen(path, out int file)) return SourceError.Unreachable;
        if (file < 0) return LinuxFile.LastError == LinuxFile.ENOENT ? SourceError.Missing : SourceError.Unreachable;
        try
        {
            if (pastPageCache) LinuxFile.ForgetPages(file);
            length = LinuxFile.Read(file, destination, 0);
            if (length < 0) length = -LinuxFile.LastError;
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
        Folders folders = _folders;
        using DiskCall call = _hangs.Writes.Begin();
        try
        {
            int error = WriteTemporary(folders, temporary, block.Bytes.Span);
            if (error == 0) error = MoveIn(folders, temporary, path);
            if (error != 0) LinuxFile.Unlink(folders.Temporary, temporary);
            return error;
        }
        catch (ObjectDisposedException)
        {
            return LinuxFile.EBADF;
        }
    }

    /// <returns>0, also where it is not there; or the errno.</returns>
    public int Remove(BlockName name)
    {
        Span<byte> path = stackalloc byte[PathSize];
        WritePath(name, path);
        using DiskCall call = _hangs.Writes.Begin();
        try
        {
            return LinuxFile.Unlink(_folders.Blocks, path) || LinuxFile.LastError == LinuxFile.ENOENT ? 0 : LinuxFile.LastError;
        }
        catch (ObjectDisposedException)
        {
            return LinuxFile.EBADF;
        }
    }

    private bool TryOpen(ReadOnlySpan<byte> path, out int file)
    {
        try
        {
            file = LinuxFile.OpenRead(_folders.Blocks, path);
            return true;
        }
        catch (ObjectDisposedException)
        {
            file = -1;
            return false;
        }
    }

    private static int WriteTemporary(Folders folders, ReadOnlySpan<byte> temporary, ReadOnlySpan<byte> bytes)
    {
        int file = LinuxFile.OpenWrite(folders.Temporary, temporary);
        if (file < 0) return LinuxFile.LastError;
        int error = LinuxFile.Write(file, bytes) ? 0 : LinuxFile.LastError;

        // Some file systems tell of a full disk only here.
        if (!LinuxFile.Close(file) && error == 0) error = LinuxFile.LastError;
        return error;
    }

    private static int MoveIn(Folders folders, ReadOnlySpan<byte> temporary, Span<byte> path)
    {
        if (LinuxFile.Rename(folders.Temporary, temporary, folders.Blocks, path)) return 0;
        if (LinuxFile.LastError != LinuxFile.ENOENT) return LinuxFile.LastError;

        // The first block of its folder.
        Span<byte> folder = [path[0], path[1], 0];
        if (!LinuxFile.MakeFolder(folders.Blocks, folder) && LinuxFile.LastError != LinuxFile.EEXIST) return LinuxFile.LastError;
        return LinuxFile.Rename(folders.Temporary, temporary, folders.Blocks, path) ? 0 : LinuxFile.LastError;
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

    public void Dispose() => _folders.Dispose();

    private sealed record Folders(SafeFileHandle Blocks, SafeFileHandle Temporary) : IDisposable
    {
        public static Folders Open(string blocksPath, string temporaryPath)
        {
            SafeFileHandle blocks = LinuxFile.OpenFolder(blocksPath);
            try
            {
                return new Folders(blocks, LinuxFile.OpenFolder(temporaryPath));
            }
            catch (IOException)
            {
                blocks.Dispose();
                throw;
            }
        }

        public void Dispose()
        {
            Blocks.Dispose();
            Temporary.Dispose();
        }
    }
}
