using System.Diagnostics.CodeAnalysis;
using OsCircular.Blocks;

namespace OsCircular.Indexes;

/// <summary>The list of a repository's images and their versions. Always valid: made only through checks. Immutable.</summary>
public sealed class Manifest
{
    public const int Format = 1;

    public const int MaxImages = 65_536;

    /// <summary>Versions and gone names of one image, together.</summary>
    public const int MaxVersions = 65_536;

    /// <param name="repository">The repository's ID.</param>
    /// <param name="sequence">The sequence of the first head that signs this manifest; a head signed anew has a higher one.</param>
    /// <param name="images">In any order.</param>
    /// <exception cref="ArgumentException">A rule of <c>Formats.md</c> is broken; the message says which.</exception>
    public Manifest(RepositoryId repository, long sequence, IEnumerable<ManifestImage> images)
    {
        Repository = repository;
        Sequence = sequence;
        Images = [.. images.OrderBy(image => image.Name)];
        if (ManifestRules.FaultOf(this) is { } fault) throw new ArgumentException(fault);
    }

    public RepositoryId Repository { get; }
    public long Sequence { get; }

    /// <summary>Ordered by name.</summary>
    public IReadOnlyList<ManifestImage> Images { get; }

    public ManifestImage? Find(ImageName name) => Images.FirstOrDefault(image => image.Name == name);

    /// <summary>The version meant, the newest one where the reference says none; null where there is no such image or version.</summary>
    public ManifestVersion? Find(VersionReference reference) =>
        Find(reference.Image) is not { } image ? null : reference.Version is { } version ? image.Find(version) : image.Latest;

    /// <summary>This manifest with these images instead of its own.</summary>
    /// <exception cref="ArgumentException">A rule of <c>Formats.md</c> is broken.</exception>
    public Manifest With(long sequence, IEnumerable<ManifestImage> images) => new(Repository, sequence, images);

    /// <summary>This manifest with one image put in, in the place of the one of that name if there is one.</summary>
    /// <exception cref="ArgumentException">A rule of <c>Formats.md</c> is broken.</exception>
    public Manifest With(long sequence, ManifestImage image) =>
        new(Repository, sequence, Images.Where(other => other.Name != image.Name).Append(image));

    /// <summary>This manifest with a version published: the newest of its image.</summary>
    /// <exception cref="UserError">The version's name was used before.</exception>
    public Manifest With(long sequence, ImageName image, ManifestVersion version)
    {
        ManifestImage old = Find(image) ?? new ManifestImage(image, [], []);
        if (old.HasUsed(version.Name))
        {
            throw new UserError($"Version {image}@{version.Name} was published before, and a version's name is never used again; choose another, or give none for {old.NextVersion()}.");
        }

        return With(sequence, old with { Versions = [.. old.Versions, version] });
    }

    /// <summary>The manifest's one spelling: equal manifests give equal bytes.</summary>
    public byte[] ToBytes() => ManifestJson.Write(this);

    /// <param name="bytes">Already known to be the manifest that a head signs, and no longer than its kind may be.</param>
    /// <param name="manifest">Valid in all its parts.</param>
    /// <param name="refusal"><see cref="HeadRefusalReason.Newer"/> or <see cref="HeadRefusalReason.Malformed"/>.</param>
    public static bool TryParse(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out Manifest? manifest, [NotNullWhen(false)] out HeadRefusal? refusal) =>
        ManifestJson.TryRead(bytes, out manifest, out refusal);
}
