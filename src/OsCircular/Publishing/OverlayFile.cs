using System.Text.Json;
using System.Text.Json.Serialization;
using OsCircular.Blocks;
using OsCircular.Indexes;

namespace OsCircular.Publishing;

/// <summary>A qcow2 file that holds what a guest changed on a mounted version: its backing file is that version's <c>disk.raw</c>, which says which version it is.</summary>
public sealed class OverlayFile
{
    private const string DiskFile = "disk.raw";
    private const string IndexAttribute = "user.oscircular.index";

    private static readonly TimeSpan InfoLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan MapLimit = TimeSpan.FromMinutes(10);

    private readonly TimeProvider _time;

    private OverlayFile(string path, string basePath, VersionReference version, long diskSize, TimeProvider time)
    {
        Path = path;
        BasePath = basePath;
        Version = version;
        DiskSize = diskSize;
        _time = time;
    }

    public string Path { get; }

    /// <summary>The mounted disk that it lies on; it need not be mounted now.</summary>
    public string BasePath { get; }

    /// <summary>The image and version that it lies on.</summary>
    public VersionReference Version { get; }

    /// <summary>Bytes, as the guest sees it.</summary>
    public long DiskSize { get; }

    /// <summary>Makes an empty one.</summary>
    /// <param name="path">The file to make.</param>
    /// <param name="basePath">A mounted version's <c>disk.raw</c>, by its version and not by <c>latest</c>.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="UserError">It cannot be made.</exception>
    public static Task CreateAsync(string path, string basePath, TimeProvider time, CancellationToken cancellationToken) =>
        new QemuImg(time).RunAsync(path, ["create", "-q", "-f", "qcow2", "-F", "raw", "-b", basePath, "--", path], InfoLimit, (_, _) => Task.FromResult(true), cancellationToken);

    /// <exception cref="UserError">It is no overlay of a mounted version, or of a kind that cannot be read piecemeal; or a guest runs on it.</exception>
    public static async Task<OverlayFile> OpenAsync(string path, TimeProvider time, CancellationToken cancellationToken)
    {
        path = System.IO.Path.GetFullPath(path);
        if (!File.Exists(path)) throw new UserError($"{path}: no such overlay; check the path.");
        if (ForeignImage.Recognise(path) != "qcow2") throw new UserError($"{path}: no overlay, for it is not a qcow2 file; give the file that vm run --overlay made.");
        ImageInfo info = await new QemuImg(time).RunAsync(
            path, ["info", "--output=json", "-f", "qcow2", "--", path], InfoLimit, (output, end) => ReadAsync<ImageInfo>(path, output, end), cancellationToken).ConfigureAwait(false);
        if (info.FullBackingFilename is not { } below || VersionOf(below) is not { } version || info.BackingFilenameFormat is not (null or "raw"))
        {
            throw new UserError(
                $"{path}: lies on {info.FullBackingFilename ?? "nothing"}, which is no version of a mount (DIR/NAME/VERSION/{DiskFile}); publish it as a whole disk instead.");
        }

        if (info.Encrypted || info.FormatSpecific?.Data is { DataFile: not null })
            throw new UserError($"{path}: an overlay that is encrypted or keeps its data in another file cannot be read piecemeal; publish it as a whole disk instead.");
        if (info.FormatSpecific?.Data is { Corrupt: true }) throw new UserError($"{path}: marked as corrupt by QEMU; look at it with: qemu-img check {path}");
        if (!BlockGeometry.IsValidDiskSize(info.VirtualSize))
            throw new UserError($"{path}: a disk of {info.VirtualSize} bytes cannot be published; resize it to a multiple of 512.");
        return new OverlayFile(path, below, version, info.VirtualSize, time);
    }

    /// <summary>The digest of the index that its mounted disk names; null where that is not mounted, or names none.</summary>
    internal Digest? MountedIndex() => Linux.AttributeOf(BasePath, IndexAttribute) is { } text && Digest.TryParse(text, out Digest digest) ? digest : null;

    /// <summary>What it holds, by start, without overlaps. Its backing file is not looked at.</summary>
    internal Task<OverlayExtent[]> MapAsync(CancellationToken cancellationToken)
    {
        string alone = JsonSerializer.Serialize(new { driver = "qcow2", file = new { driver = "file", filename = Path }, backing = (string?)null });
        return new QemuImg(_time).RunAsync(Path, ["map", "--output=json", $"json:{alone}"], MapLimit, ReadMapAsync, cancellationToken);
    }

    /// <returns>Null where the path is not that of a version's disk.</returns>
    internal static VersionReference? VersionOf(string diskPath) =>
        diskPath.Split('/') is [.., var image, var version, DiskFile] && ImageName.TryParse(image, out ImageName imageName) && VersionName.TryParse(version, out VersionName versionName)
            ? new VersionReference(imageName, versionName)
            : null;

    private async Task<OverlayExtent[]> ReadMapAsync(Stream output, CancellationToken cancellationToken)
    {
        List<OverlayExtent> extents = [];
        long end = 0;
        try
        {
            await foreach (MapEntry? entry in JsonSerializer.DeserializeAsyncEnumerable<MapEntry>(output, JsonSerializerOptions.Web, cancellationToken).ConfigureAwait(false))
            {
                if (entry is null || entry.Start < end || entry.Length <= 0 || entry.Length > DiskSize - entry.Start || entry.Offset < 0) throw Unreadable(Path);
                end = entry.Start + entry.Length;
                if (!entry.Present) continue;
                if (entry is { Zero: false, Offset: null })
                    throw new UserError($"{Path}: holds compressed clusters, which cannot be read piecemeal; copy it first: qemu-img convert -O qcow2 -F raw -B {BasePath} {Path} COPY");
                // Zeros written and zeros trimmed are told apart there, but not here.
                if (entry.Zero && extents is [.., { FileOffset: null } before] && before.End == entry.Start) extents[^1] = before with { End = end };
                else extents.Add(new OverlayExtent(entry.Start, end, entry.Zero ? null : entry.Offset));
            }
        }
        catch (JsonException)
        {
            throw Unreadable(Path);
        }

        return [.. extents];
    }

    private static async Task<T> ReadAsync<T>(string path, Stream output, CancellationToken cancellationToken)
    {
        try
        {
            return await JsonSerializer.DeserializeAsync<T>(output, JsonSerializerOptions.Web, cancellationToken).ConfigureAwait(false) ?? throw Unreadable(path);
        }
        catch (JsonException)
        {
            throw Unreadable(path);
        }
    }

    private static UserError Unreadable(string path) => new($"{path}: qemu-img says of it what this program does not understand; look at it with: qemu-img info {path}");

    private sealed record ImageInfo(
        [property: JsonPropertyName("virtual-size")] long VirtualSize,
        [property: JsonPropertyName("full-backing-filename")] string? FullBackingFilename,
        [property: JsonPropertyName("backing-filename-format")] string? BackingFilenameFormat,
        bool Encrypted,
        [property: JsonPropertyName("format-specific")] FormatSpecific? FormatSpecific);

    private sealed record FormatSpecific(FormatData? Data);

    private sealed record FormatData(bool Corrupt, [property: JsonPropertyName("data-file")] string? DataFile);

    private sealed record MapEntry(long Start, long Length, bool Present, bool Zero, long? Offset);
}

/// <summary>A range of the disk that an overlay holds.</summary>
/// <param name="Start">Its first byte.</param>
/// <param name="End">The byte after its last.</param>
/// <param name="FileOffset">Where its bytes lie in the overlay's file; null where they are all zeros.</param>
internal readonly record struct OverlayExtent(long Start, long End, long? FileOffset);
