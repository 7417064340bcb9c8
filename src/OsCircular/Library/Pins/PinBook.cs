using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using OsCircular.Blocks;
using OsCircular.Cache;
using OsCircular.Indexes;

namespace OsCircular.Library.Pins;

/// <summary>The pins of a cache as a file: <c>agent/pins.json</c>, there only while something is pinned.</summary>
public static class PinBook
{
    public const int Format = 1;

    /// <summary>In one cache.</summary>
    public const int MaxPins = 64;

    /// <summary>Bytes.</summary>
    public const int MaxLength = 256 * 1024;

    /// <summary>Where a cache keeps them.</summary>
    public static StateFile FileOf(CacheDirectory cache) => cache.State(CacheDirectory.PinsFile, MaxLength);

    /// <exception cref="UserError">The file cannot be read: what is pinned is not guessed, and nothing is evicted until it can be, or is gone.</exception>
    public static IReadOnlyList<PinEntry> Load(StateFile file)
    {
        if (file.TryRead() is not { } bytes) return [];
        return TryParse(bytes, out IReadOnlyList<PinEntry>? pins, out string? fault)
            ? pins
            : throw new UserError($"{file.Path} says what is pinned in this cache, but it {fault}; restore it, or remove it to pin nothing");
    }

    /// <exception cref="UserError">The disk did not take it.</exception>
    public static void Save(StateFile file, IReadOnlyList<PinEntry> pins)
    {
        try
        {
            if (pins.Count == 0) file.Delete();
            else file.Write(ToBytes(pins));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserError($"what is pinned could not be saved in {file.Path}: {e.Message}; nothing is changed, try again when the cache's disk is well", e);
        }
    }

    public static byte[] ToBytes(IReadOnlyList<PinEntry> pins)
    {
        PinsDocument document = new(Format, [.. pins.Select(entry => new PinDocument(
            entry.Pin.Reference.Image.ToString(),
            entry.Pin.Reference.Version?.ToString(),
            entry.Pin.ProfileOnly,
            entry.Kept is { } kept ? ManifestJson.ToDocument(kept) : null))]);
        return [.. JsonSerializer.SerializeToUtf8Bytes(document, PinsContext.Default.PinsDocument), (byte)'\n'];
    }

    /// <param name="bytes">The file's bytes.</param>
    /// <param name="pins">What it says.</param>
    /// <param name="fault">Why it says nothing, to follow "it ".</param>
    public static bool TryParse(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out IReadOnlyList<PinEntry>? pins, [NotNullWhen(false)] out string? fault)
    {
        pins = null;
        fault = "is damaged";
        try
        {
            PinsDocument? document = JsonSerializer.Deserialize(bytes, PinsContext.Default.PinsDocument);
            if (document?.Format > Format) fault = $"is of format {document.Format}, which a newer oscircular wrote";
            if (document?.Format != Format || document.Pins.Count > MaxPins) return false;
            pins = [.. document.Pins.Select(FromDocument)];
            fault = null;
            return true;
        }
        catch (Exception e) when (e is JsonException or FormatException or ArgumentException or InvalidOperationException or UserError)
        {
            fault = "is damaged";
            return false;
        }
    }

    private static PinEntry FromDocument(PinDocument? pin) => pin is null
        ? throw new FormatException("null is no pin")
        : new PinEntry(
            new Pin(new VersionReference(ImageName.Parse(pin.Image), pin.Version is { } version ? VersionName.Parse(version) : null), pin.Profile),
            pin.Kept is { } kept ? ManifestJson.FromDocument(kept) : null);
}

internal sealed record PinsDocument(int Format, IReadOnlyList<PinDocument?> Pins);

internal sealed record PinDocument(string Image, string? Version, bool Profile, VersionDocument? Kept);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    WriteIndented = true,
    NewLine = "\n",
    MaxDepth = 16,
    AllowDuplicateProperties = false,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(PinsDocument))]
internal sealed partial class PinsContext : JsonSerializerContext;
