using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using OsCircular.Blocks;

namespace OsCircular.Indexes;

/// <summary>The manifest as JSON (RFC 8259): read strictly where we know a member, passing over members we do not.</summary>
internal static class ManifestJson
{
    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss'Z'";

    public static byte[] Write(Manifest manifest)
    {
        ManifestDocument document = new(
            Manifest.Format,
            manifest.Repository.ToString(),
            manifest.Sequence,
            [.. manifest.Images.Select(image => new ImageDocument(
                image.Name.ToString(),
                [.. image.Versions.Select(ToDocument)],
                [.. image.Gone.Select(name => name.ToString())]))]);
        return [.. JsonSerializer.SerializeToUtf8Bytes(document, ManifestContext.Default.ManifestDocument), (byte)'\n'];
    }

    public static bool TryRead(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out Manifest? manifest, [NotNullWhen(false)] out HeadRefusal? refusal)
    {
        manifest = null;
        try
        {
            int format = FormatOf(bytes);
            if (format > Manifest.Format)
            {
                refusal = new HeadRefusal(
                    HeadRefusalReason.Newer,
                    $"has a manifest of format {format}, newer than this program's {Manifest.Format}: install a newer oscircular");
                return false;
            }

            ManifestDocument document = JsonSerializer.Deserialize(bytes, ManifestContext.Default.ManifestDocument) ?? throw new FormatException("it is null");
            manifest = FromDocument(document);
            refusal = null;
            return true;
        }
        catch (Exception e) when (e is JsonException or FormatException or ArgumentException or InvalidOperationException)
        {
            // The last for an escape that stands for no character: half a surrogate pair.
            refusal = new HeadRefusal(HeadRefusalReason.Malformed, $"has a manifest that breaks the format: {e.Message.ReplaceLineEndings(" ")}");
            return false;
        }
    }

    /// <summary>The format stands first, so that it can be read whatever a later format looks like further on.</summary>
    private static int FormatOf(ReadOnlySpan<byte> bytes)
    {
        Utf8JsonReader reader = new(bytes);
        return reader.Read() && reader.TokenType == JsonTokenType.StartObject
            && reader.Read() && reader.ValueTextEquals("format")
            && reader.Read() && reader.TokenType == JsonTokenType.Number
            && reader.TryGetInt32(out int format) && format >= 1
            ? format
            : throw new FormatException("\"format\" and its number do not stand first");
    }

    internal static VersionDocument ToDocument(ManifestVersion version) => new(
        version.Name.ToString(),
        version.Index?.ToString(),
        version.Geometry.DiskSize,
        version.Geometry.BlockSize,
        version.StoredBytes,
        version.Published.ToString(TimeFormat, CultureInfo.InvariantCulture),
        version.Profile?.ToString(),
        version.Retired?.ToString(TimeFormat, CultureInfo.InvariantCulture));

    private static Manifest FromDocument(ManifestDocument document) => new(
        RepositoryId.TryParse(document.Repository, out RepositoryId id) ? id : throw Fault("repository", document.Repository),
        document.Sequence,
        document.Images.Select(FromDocument));

    private static ManifestImage FromDocument(ImageDocument? image) => image is null ? throw Fault("image", null) : new(
        ImageName.TryParse(image.Name, out ImageName name) ? name : throw Fault("image name", image.Name),
        [.. image.Versions.Select(FromDocument)],
        [.. image.Gone.Select(VersionOf)]);

    internal static ManifestVersion FromDocument(VersionDocument? version) => version is null ? throw Fault("version", null) : new(
        VersionOf(version.Name),
        DigestOf(version.Index),
        new BlockGeometry(version.DiskSize, version.BlockSize),
        version.StoredBytes,
        TimeOf(version.Published),
        DigestOf(version.Profile),
        version.Retired is null ? null : TimeOf(version.Retired));

    private static VersionName VersionOf(string? text) => VersionName.TryParse(text, out VersionName name) ? name : throw Fault("version name", text);

    private static Digest? DigestOf(string? text) => text is null ? null : Digest.TryParse(text, out Digest digest) ? digest : throw Fault("digest", text);

    private static DateTimeOffset TimeOf(string text) =>
        DateTimeOffset.TryParseExact(text, TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time) ? time : throw Fault("time", text);

    /// <summary>Quotes no more of a stranger's text than a line has room for.</summary>
    private static FormatException Fault(string what, string? text) =>
        new(text is null ? $"null is no {what}" : $"\"{JsonEncodedText.Encode(text.Length > 80 ? text[..80] : text)}\" is no {what}");
}

internal sealed record ManifestDocument(int Format, string Repository, long Sequence, IReadOnlyList<ImageDocument?> Images);

internal sealed record ImageDocument(string Name, IReadOnlyList<VersionDocument?> Versions, IReadOnlyList<string?> Gone);

internal sealed record VersionDocument(
    string Name, string? Index, long DiskSize, int BlockSize, long StoredBytes, string Published, string? Profile, string? Retired);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    WriteIndented = true,
    NewLine = "\n",
    MaxDepth = 16,
    AllowDuplicateProperties = false,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(ManifestDocument))]
internal sealed partial class ManifestContext : JsonSerializerContext;
