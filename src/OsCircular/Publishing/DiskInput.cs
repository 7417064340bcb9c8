using Microsoft.Win32.SafeHandles;
using OsCircular.Blocks;

namespace OsCircular.Publishing;

/// <summary>A raw disk image or block device being read.</summary>
internal sealed class DiskInput : IDiskInput
{
    private readonly SafeFileHandle _handle;
    private readonly string _path;
    private readonly long _fileSize;
    private readonly DateTime _written;

    private DiskInput(SafeFileHandle handle, string path, long fileSize, long diskSize)
    {
        _handle = handle;
        _path = path;
        _fileSize = fileSize;
        DiskSize = diskSize;
        _written = File.GetLastWriteTimeUtc(handle);
    }

    /// <summary>Bytes, a multiple of 512; padding counted.</summary>
    public long DiskSize { get; }

    /// <param name="path">A file or block device.</param>
    /// <param name="pad">Whether zeros fill the last sector where the size is no multiple of 512; else such an image is refused.</param>
    /// <exception cref="UserError">Missing, unreadable, empty, or of a size that no disk has.</exception>
    public static DiskInput Open(string path, bool pad)
    {
        SafeFileHandle handle = OpenFile(path);
        try
        {
            long size = Linux.SizeOf(handle);
            if (size < 0) throw new UserError($"{path}: a pipe or the like, which cannot be read twice; write it to a file first and publish that.");
            if (size == 0) throw new UserError($"{path}: the image is empty; give one with content.");
            long excess = size % BlockGeometry.SectorSize;
            if (excess != 0 && !pad)
                throw new UserError($"{path}: {size} bytes is no multiple of 512, so it is no whole disk; publish it with --pad to fill up the last sector with zeros.");
            return new DiskInput(handle, path, size, excess == 0 ? size : size - excess + BlockGeometry.SectorSize);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>The next range at or after <paramref name="from"/> that may hold anything but zeros; empty, at the disk's end, where there is none.</summary>
    public (long Start, long End) NextData(long from)
    {
        if (from >= _fileSize) return (DiskSize, DiskSize);
        (long start, long end) = Linux.NextData(_handle, from, _fileSize);
        return start >= _fileSize ? (DiskSize, DiskSize) : (start, end);
    }

    public bool IsKept(long block, out BlockRow row)
    {
        row = default;
        return false;
    }

    public void ReadAhead(long offset, long length) => Linux.ReadAhead(_handle, offset, length);

    /// <summary>Fills the whole buffer, with zeros past the file's end.</summary>
    public void Read(Span<byte> buffer, long offset)
    {
        int wanted = (int)Math.Min(buffer.Length, Math.Max(0, _fileSize - offset));
        buffer[wanted..].Clear();
        for (int done = 0; done < wanted;)
        {
            int read = RandomAccess.Read(_handle, buffer[done..wanted], offset + done);
            if (read == 0) throw Changed();
            done += read;
        }
    }

    /// <exception cref="UserError">The image was written to while it was read, so that what was read may be no state it ever had.</exception>
    public void CheckUnchanged()
    {
        if (Linux.SizeOf(_handle) != _fileSize || File.GetLastWriteTimeUtc(_handle) != _written) throw Changed();
    }

    public void Dispose() => _handle.Dispose();

    private UserError Changed() =>
        new($"{_path}: the image changed while it was read, so nothing was published; stop whatever writes to it (a running guest?) and publish again.");

    private static SafeFileHandle OpenFile(string path)
    {
        try
        {
            return File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception cause) when (cause is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new UserError($"{path}: no such image; check the path.", cause);
        }
        catch (Exception cause) when (cause is UnauthorizedAccessException or IOException)
        {
            string advice = Directory.Exists(path) ? "it is a folder; give a disk image or a block device" : "check its permissions";
            throw new UserError($"{path}: cannot be read ({cause.Message}); {advice}.", cause);
        }
    }
}
