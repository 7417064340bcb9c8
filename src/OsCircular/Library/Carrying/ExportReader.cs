using System.Formats.Tar;
using Microsoft.Win32.SafeHandles;
using OsCircular.Blocks;
using OsCircular.Indexes;

namespace OsCircular.Library.Carrying;

/// <summary>
/// Reads an export front to back. The tar headers are given to the library one at a time and never with what follows, so that no header can make it read or allocate
/// more; files are read at their place, and passed over for the price of a header. Where a header is damaged, the next good one is looked for. Used by one task.
/// </summary>
internal sealed class ExportReader : IDisposable
{
    private const int Record = 512;

    /// <summary>Bytes of the first header with its attributes: <see cref="ExportMarker.MostVersions"/> names of full length fit.</summary>
    private const int MaxMarker = 64 * 1024;

    private readonly SafeFileHandle _file;
    private readonly string _path;
    private readonly byte[] _header = new byte[Record];
    private long _at;

    private ExportReader(SafeFileHandle file, string path, VersionReference[] versions, long at)
    {
        _file = file;
        _path = path;
        Versions = versions;
        _at = at;
        Length = RandomAccess.GetLength(file);
    }

    /// <summary>What it says that it carries.</summary>
    public IReadOnlyList<VersionReference> Versions { get; }

    /// <summary>Of the file, in bytes.</summary>
    public long Length { get; }

    /// <summary>Up to here it was looked through, in bytes.</summary>
    public long Position => Math.Min(_at, Length);

    /// <summary>Places where something could not be made out, so that a file or more was passed over.</summary>
    public int Gaps { get; private set; }

    /// <summary>Reads that the medium failed: what they were to yield was passed over.</summary>
    public int FailedReads { get; private set; }

    /// <summary>Whether it ends before its end was written, and not for a medium that fails up to there; known when <see cref="NextAsync"/> has returned null.</summary>
    public bool IsCut { get; private set; }

    /// <summary>Whether a file begins as an export does.</summary>
    public static async Task<bool> IsExportAsync(string path, CancellationToken cancellationToken)
    {
        using SafeFileHandle file = File.OpenHandle(path);
        byte[] first = new byte[Record];
        return await ReadAsync(file, first, 0, cancellationToken) == Record && IsWhole(first);
    }

    /// <exception cref="UserError">There is no such file, or it is no export.</exception>
    public static async Task<ExportReader> OpenAsync(string path, CancellationToken cancellationToken)
    {
        SafeFileHandle? file = null;
        try
        {
            file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            byte[] first = new byte[MaxMarker];
            int read = await ReadAsync(file, first, 0, cancellationToken);
            if (ParseMarker(first.AsMemory(0, read), out VersionReference[]? versions, out long length) is { } fault) throw new UserError($"{path} {fault}");
            ExportReader reader = new(file, path, versions!, length);
            file = null;
            return reader;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserError($"cannot read {path}: {e.Message}", e);
        }
        finally
        {
            file?.Dispose();
        }
    }

    /// <summary>The next file; null where there is none.</summary>
    /// <exception cref="UserError">Something is in it that no export holds.</exception>
    public async ValueTask<ExportEntry?> NextAsync(CancellationToken cancellationToken)
    {
        bool isLost = false, isZero = false, isFailing = false;
        for (; ; _at += Record)
        {
            int read = await TryReadAsync(_header, _at, cancellationToken);
            if (read is >= 0 and < Record)
            {
                IsCut = !isZero && !isFailing;
                return null;
            }

            isFailing = read < 0;
            // The end is two records of zeros; one will do, where it is not of a file that we are lost in.
            isZero = read == Record && _header.AsSpan().IndexOfAnyExcept((byte)0) < 0;
            if (isZero && !isLost) return null;
            if (read == Record && !isZero && IsWhole(_header))
            {
                string? fault = FaultOf(Parse(_header), out ExportEntry entry);
                if (fault is null)
                {
                    _at = entry.At + ((entry.Length + Record - 1) & -Record);
                    return entry;
                }

                // Lost in a block file, which may well hold a piece of somebody's archive.
                if (!isLost) throw new UserError($"{_path}: {fault}, so this is no export of oscircular, or not as it was written; nothing more is taken of it");
            }

            if (!isLost) Gaps++;
            isLost = true;
        }
    }

    /// <summary>Reads a file.</summary>
    /// <param name="entry">From <see cref="NextAsync"/>.</param>
    /// <param name="destination">As long as it.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <returns>False where the medium does not yield it, or the export ends before.</returns>
    public async ValueTask<bool> ReadAsync(ExportEntry entry, Memory<byte> destination, CancellationToken cancellationToken) =>
        await TryReadAsync(destination[..entry.Length], entry.At, cancellationToken) == entry.Length;

    public void Dispose() => _file.Dispose();

    private string? FaultOf(Header? header, out ExportEntry entry)
    {
        entry = default;
        if (header is not { } parsed) return "it holds a header that no export has";
        if (parsed.Type != TarEntryType.RegularFile) return $"'{Shown(parsed.Name)}' is no plain file";
        return ExportEntry.TryMake(parsed.Name, _at + Record, parsed.Length, out entry, out string? fault) ? null : $"'{Shown(parsed.Name)}' {fault}";
    }

    // A hostile name must not write on a terminal.
    private static string Shown(string name) => new([.. name.Take(100).Select(letter => char.IsControl(letter) ? '?' : letter)]);

    private static string? ParseMarker(ReadOnlyMemory<byte> first, out VersionReference[]? versions, out long length)
    {
        (versions, length) = (null, 0);
        bool isTar = first.Length >= Record && IsWhole(first.Span[..Record]);
        if (!isTar || Parse(first) is not { Type: TarEntryType.GlobalExtendedAttributes } marker) return "is no export: it does not begin as one does";
        length = Record + ((marker.Length + Record - 1) & -Record);
        return ExportMarker.TryParse(marker.Comment, out versions, out string? fault) ? null : fault;
    }

    // The library does not look at the sum that each header carries.
    private static bool IsWhole(ReadOnlySpan<byte> header)
    {
        const int At = 148, Length = 8;
        int sum = Length * ' ';
        foreach (byte value in header[..At]) sum += value;
        foreach (byte value in header[(At + Length)..Record]) sum += value;
        int written = 0;
        foreach (byte digit in header.Slice(At, Length))
        {
            if (digit is >= (byte)'0' and <= (byte)'7') written = (written * 8) + (digit - '0');
            else if (digit is not ((byte)' ' or 0)) return false;
        }

        return written == sum;
    }

    private static Header? Parse(ReadOnlyMemory<byte> header)
    {
        try
        {
            using TarReader reader = new(new MemoryStream(header.ToArray(), writable: false));
            return reader.GetNextEntry() is { } entry
                ? new Header(entry.Name, entry.EntryType, entry.Length, (entry as PaxGlobalExtendedAttributesTarEntry)?.GlobalExtendedAttributes.GetValueOrDefault(ExportMarker.Attribute))
                : null;
        }
        catch (Exception e) when (e is InvalidDataException or FormatException or IOException or InvalidOperationException or ArgumentException or ArithmeticException or NotSupportedException)
        {
            // What the library says of a header that is none, or that is followed by what we do not give it.
            return null;
        }
    }

    /// <returns>Bytes read; below zero where the medium fails.</returns>
    private async ValueTask<int> TryReadAsync(Memory<byte> destination, long at, CancellationToken cancellationToken)
    {
        try
        {
            return await ReadAsync(_file, destination, at, cancellationToken);
        }
        catch (IOException)
        {
            FailedReads++;
            return -1;
        }
    }

    private static async ValueTask<int> ReadAsync(SafeFileHandle file, Memory<byte> destination, long at, CancellationToken cancellationToken)
    {
        int done = 0;
        for (int got = -1; done < destination.Length && got != 0; done += got) got = await RandomAccess.ReadAsync(file, destination[done..], at + done, cancellationToken);
        return done;
    }

    /// <param name="Comment">Of a global header, where it has one.</param>
    private readonly record struct Header(string Name, TarEntryType Type, long Length, string? Comment);
}
