using System.Formats.Tar;
using System.Runtime.InteropServices;
using OsCircular.Blocks;
using OsCircular.Cache;
using OsCircular.Indexes;

namespace OsCircular.Library.Carrying;

/// <summary>
/// Writes an export: beside its name, and renamed when it is whole and on the medium, so that no half file ever has the name. What a killed one left there is
/// written over. Used by one task.
/// </summary>
internal sealed class ExportWriter : IAsyncDisposable
{
    private const int BufferSize = 1 << 20;

    private readonly string _path;
    private readonly DateTimeOffset _date;
    private readonly FileStream _file;
    private readonly TarWriter _tar;
    private bool _isDone;

    private ExportWriter(string path, FileStream file, DateTimeOffset date)
    {
        _path = path;
        _date = date;
        _file = file;
        _tar = new TarWriter(file, TarEntryFormat.Pax, leaveOpen: true);
    }

    /// <summary>Bytes so far.</summary>
    public long Length => _file.Position;

    /// <param name="path">What it is called in the end; a plain file that is there is replaced.</param>
    /// <param name="date">Of all its files.</param>
    /// <exception cref="UserError">Another is writing it, or that is no place for a file.</exception>
    public static ExportWriter Open(string path, DateTimeOffset date)
    {
        if (Directory.Exists(path)) throw new UserError($"{path} is a folder; give the name of a file in it", UserError.WrongUsage);
        if (File.Exists(path) && !LinuxFile.IsPlainFile(path)) throw new UserError($"{path} is no plain file; give the name of a file", UserError.WrongUsage);
        try
        {
            return new ExportWriter(path, new FileStream(PartOf(path), FileMode.Create, FileAccess.Write, FileShare.None, BufferSize), date);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unwritable(path, e);
        }
    }

    /// <summary>What it is called until it is whole.</summary>
    public static string PartOf(string path) => path + ".part";

    public async Task WriteMarkerAsync(IEnumerable<VersionReference> versions, CancellationToken cancellationToken)
    {
        PaxGlobalExtendedAttributesTarEntry marker = new(new Dictionary<string, string> { [ExportMarker.Attribute] = ExportMarker.Write(versions) });
        await WriteAsync(marker, cancellationToken);
    }

    /// <param name="path">In a repository.</param>
    /// <param name="bytes">Verified.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <exception cref="UserError">The medium is full, or does not take it.</exception>
    public async Task WriteAsync(string path, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        await using MemoryStream content = MemoryMarshal.TryGetArray(bytes, out ArraySegment<byte> array)
            ? new MemoryStream(array.Array!, array.Offset, array.Count, writable: false)
            : new MemoryStream(bytes.ToArray(), writable: false);
        await WriteAsync(new UstarTarEntry(TarEntryType.RegularFile, path) { DataStream = content, ModificationTime = _date }, cancellationToken);
    }

    /// <summary>Ends the file, sees it onto the medium, and gives it its name.</summary>
    /// <exception cref="UserError">As for writing.</exception>
    public async Task<long> CommitAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _tar.DisposeAsync();
            await _file.FlushAsync(cancellationToken);
            _file.Flush(flushToDisk: true);
            long length = _file.Length;
            await _file.DisposeAsync();
            File.Move(PartOf(_path), _path, overwrite: true);
            _isDone = true;
            DurableFile.SyncFolder(Path.GetDirectoryName(Path.GetFullPath(_path))!);
            return length;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unwritable(_path, e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_isDone) return;
        try
        {
            await _tar.DisposeAsync();
            await _file.DisposeAsync();
            File.Delete(PartOf(_path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The medium fails or is full, and that was said already.
        }
    }

    private async Task WriteAsync(TarEntry entry, CancellationToken cancellationToken)
    {
        try
        {
            await _tar.WriteEntryAsync(entry, cancellationToken);
        }
        catch (IOException e)
        {
            throw Unwritable(_path, e);
        }
    }

    private static UserError Unwritable(string path, Exception cause) =>
        new($"cannot write {path}: {cause.Message}; look whether there is room, and, on a stick, whether it is formatted with exFAT: FAT32 takes no file above 4 GiB", cause);
}
