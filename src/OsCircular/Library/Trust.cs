using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.Indexes.Signing;

namespace OsCircular.Library;

/// <summary>
/// What a cache has bound itself to: one key, one repository, and the highest head adopted. It outlives the head file, so that an old head
/// cannot be slipped in where the new one was lost.
/// </summary>
/// <param name="Manifest">Of the highest head: another one under the same sequence is a fork.</param>
/// <param name="Adopted">When, in UTC, to the second, by this host's clock.</param>
public sealed record Trust(MinisignPublicKey Key, RepositoryId Repository, long Sequence, Digest Manifest, DateTimeOffset Adopted)
{
    public const int Format = 1;

    /// <summary>In the cache's <c>agent/</c> folder.</summary>
    public const string FileName = "trust.json";

    /// <summary>Bytes.</summary>
    public const int MaxLength = 4096;

    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss'Z'";

    /// <summary>Keys that the publisher's vouched for.</summary>
    public IReadOnlyList<MinisignPublicKey> OtherKeys { get; init; } = [];

    /// <summary>Keys that are never accepted again; <see cref="Key"/> may be one.</summary>
    public IReadOnlyList<MinisignPublicKey> RevokedKeys { get; init; } = [];

    /// <summary>All that is known of the repository's keys.</summary>
    public KeyRing Keys => new([Key, .. OtherKeys], RevokedKeys);

    public static Trust In(MinisignPublicKey key, AdoptedHead adopted) =>
        new(key, adopted.Head.Repository, adopted.Head.Sequence, adopted.Head.Manifest, adopted.Adopted)
        {
            OtherKeys = ListOf(adopted.Head.Keys.Accepted.Where(other => !other.Equals(key))),
            RevokedKeys = ListOf(adopted.Head.Keys.Revoked),
        };

    public byte[] ToBytes() => [
        .. JsonSerializer.SerializeToUtf8Bytes(
            new TrustDocument(
                Format, Key.ToString(), Repository.ToString(), Sequence, Manifest.ToString(), Adopted.ToString(TimeFormat, CultureInfo.InvariantCulture),
                Texts(OtherKeys), Texts(RevokedKeys)),
            TrustContext.Default.TrustDocument),
        (byte)'\n'];

    /// <param name="bytes">The file's bytes.</param>
    /// <param name="trust">What it says.</param>
    /// <param name="fault">Why it says nothing, to follow "it ".</param>
    public static bool TryParse(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out Trust? trust, [NotNullWhen(false)] out string? fault)
    {
        trust = null;
        fault = "is damaged";
        TrustDocument? document;
        try
        {
            document = JsonSerializer.Deserialize(bytes, TrustContext.Default.TrustDocument);
        }
        catch (JsonException)
        {
            return false;
        }

        if (document?.Format > Format) fault = $"is of format {document.Format}, which a newer oscircular wrote";
        if (document?.Format != Format) return false;
        if (!MinisignPublicKey.TryParse(document.Key, out MinisignPublicKey? key)) return false;
        if (!RepositoryId.TryParse(document.Repository, out RepositoryId repository)) return false;
        if (document.Sequence is < 1 or > HeadComment.MaxSequence || !Digest.TryParse(document.Manifest, out Digest manifest)) return false;
        if (!DateTimeOffset.TryParseExact(
            document.Adopted, TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset adopted)) return false;
        if (!TryParseKeys(document.OtherKeys, out IReadOnlyList<MinisignPublicKey> others)) return false;
        if (!TryParseKeys(document.RevokedKeys, out IReadOnlyList<MinisignPublicKey> revoked)) return false;
        trust = new Trust(key, repository, document.Sequence, manifest, adopted) { OtherKeys = others, RevokedKeys = revoked };
        fault = null;
        return true;
    }

    // Of no keys the same list always, so that equal records are equal.
    private static IReadOnlyList<MinisignPublicKey> ListOf(IEnumerable<MinisignPublicKey> keys) => keys.Any() ? [.. keys] : [];

    private static string[]? Texts(IReadOnlyList<MinisignPublicKey> keys) => keys.Count == 0 ? null : [.. keys.Select(key => key.ToString())];

    private static bool TryParseKeys(IReadOnlyList<string>? texts, out IReadOnlyList<MinisignPublicKey> keys)
    {
        List<MinisignPublicKey> read = [];
        keys = read;
        foreach (string text in texts ?? [])
        {
            if (!MinisignPublicKey.TryParse(text, out MinisignPublicKey? key)) return false;
            read.Add(key);
        }

        keys = ListOf(read);
        return true;
    }
}

internal sealed record TrustDocument(int Format, string Key, string Repository, long Sequence, string Manifest, string Adopted,
    IReadOnlyList<string>? OtherKeys = null, IReadOnlyList<string>? RevokedKeys = null);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    WriteIndented = true,
    NewLine = "\n",
    AllowDuplicateProperties = false,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(TrustDocument))]
internal sealed partial class TrustContext : JsonSerializerContext;
