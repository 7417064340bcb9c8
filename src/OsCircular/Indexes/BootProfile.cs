using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OsCircular.Indexes;

/// <summary>The order in which a guest first touches blocks while booting. Read strictly where we know a member, passing over members we do not.</summary>
/// <param name="Blocks">Numbers of blocks, from 0; none twice.</param>
public sealed record BootProfile(IReadOnlyList<long> Blocks)
{
    public const int Format = 1;

    /// <param name="bytes">No longer than its kind may be.</param>
    /// <param name="blockCount">Of the disk that it is of.</param>
    /// <param name="profile">Only blocks of that disk.</param>
    public static bool TryParse(ReadOnlySpan<byte> bytes, long blockCount, [NotNullWhen(true)] out BootProfile? profile)
    {
        profile = null;
        try
        {
            ProfileDocument? document = JsonSerializer.Deserialize(bytes, ProfileContext.Default.ProfileDocument);
            if (document?.Format != Format) return false;
            HashSet<long> seen = [];
            if (!document.Blocks.All(block => block >= 0 && block < blockCount && seen.Add(block))) return false;
            profile = new BootProfile(document.Blocks);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>The profile's one spelling.</summary>
    public byte[] ToBytes() => [.. JsonSerializer.SerializeToUtf8Bytes(new ProfileDocument(Format, Blocks), ProfileContext.Default.ProfileDocument), (byte)'\n'];
}

internal sealed record ProfileDocument(int Format, IReadOnlyList<long> Blocks);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    MaxDepth = 16,
    AllowDuplicateProperties = false,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(ProfileDocument))]
internal sealed partial class ProfileContext : JsonSerializerContext;
