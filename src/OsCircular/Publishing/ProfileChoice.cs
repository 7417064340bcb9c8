using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.Sources;

namespace OsCircular.Publishing;

/// <summary>The profile that goes with a published version.</summary>
/// <param name="Blocks">How many blocks it names.</param>
/// <param name="InheritedFrom">The version whose profile it was; null: it was given.</param>
public sealed record PublishedProfile(int Blocks, VersionName? InheritedFrom);

/// <summary>Chooses the profile of a version that is being published: the one given, else what still fits of its predecessor's.</summary>
internal sealed class ProfileChoice
{
    private readonly RepositoryWriter _writer;
    private readonly ManifestVersion? _predecessor;
    private readonly BootProfile? _given;
    private readonly bool _inherits;

    /// <param name="options">Says which.</param>
    /// <param name="writer">The repository.</param>
    /// <param name="predecessor">Null: there is none.</param>
    /// <param name="disk">The disk that is being published.</param>
    /// <exception cref="UserError">The file given is no profile, or not one of this disk.</exception>
    public ProfileChoice(PublishOptions options, RepositoryWriter writer, ManifestVersion? predecessor, BlockGeometry disk)
    {
        _writer = writer;
        _predecessor = predecessor;
        _inherits = options.Profile is null;
        if (options.Profile is { } path and not PublishOptions.NoProfile) _given = Read(path, disk);
    }

    /// <summary>Stores the profile, where there is one.</summary>
    /// <param name="version">The version, its index pages written and its profile not yet chosen.</param>
    /// <returns>The version with its profile.</returns>
    public (ManifestVersion Version, PublishedProfile? Profile) Apply(ManifestVersion version)
    {
        BootProfile? given = _given ?? (_inherits ? Inherited() : null);
        if (given is null) return (version, null);
        VersionName? from = _given is null ? _predecessor!.Name : null;
        if (from is not null && version.Index == _predecessor!.Index && version.Geometry == _predecessor.Geometry)
            return (version with { Profile = _predecessor.Profile }, new PublishedProfile(given.Blocks.Count, from));

        using VersionRows rows = new(_writer.Root, version);
        int blockSize = from is null ? version.Geometry.BlockSize : _predecessor!.Geometry.BlockSize;
        if (ProfileRule.Fit(given.Blocks, blockSize, version.Geometry, block => rows.TryGet(block, out _)) is not { } profile) return (version, null);
        byte[] bytes = profile.ToBytes();
        DocumentName name = new(DocumentKind.Profile, Digest.Of(bytes));
        _writer.StoreDocument(name, bytes);
        return (version with { Profile = name.Digest }, new PublishedProfile(profile.Blocks.Count, from));
    }

    private static BootProfile Read(string path, BlockGeometry disk)
    {
        if (!File.Exists(path)) throw new UserError($"{path}: no such file; make a profile with: oscircular profile record, or give \"{PublishOptions.NoProfile}\" to publish without one.");
        byte[] bytes;
        try
        {
            bytes = BoundedFile.TryRead(path, new DocumentName(DocumentKind.Profile, default).MaxLength) ?? [];
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new UserError($"{path}: cannot be read ({cause.Message.TrimEnd('.')}); check the file and its permissions.", cause);
        }

        if (!BootProfile.TryParse(bytes, long.MaxValue, out BootProfile? profile))
            throw new UserError($"{path}: no profile of format {BootProfile.Format}; make one with: oscircular profile record");
        if (profile.Blocks.Count > 0 && profile.Blocks.Max() is var last && last >= disk.BlockCount)
            throw new UserError($"{path}: it names block {last}, but this disk has only {disk.BlockCount} of {disk.BlockSize >> 10} KiB; give a profile that was recorded of this image.");
        return profile;
    }

    private BootProfile? Inherited()
    {
        if (_predecessor?.Profile is not { } digest) return null;
        DocumentName name = new(DocumentKind.Profile, digest);
        string path = Path.Combine(_writer.Root, name.Path);
        byte[] bytes = BoundedFile.Read(path, name.MaxLength);
        return Digest.Of(bytes) == digest && BootProfile.TryParse(bytes, _predecessor.Geometry.BlockCount, out BootProfile? profile)
            ? profile
            : throw new UserError($"{path}: the profile of version {_predecessor.Name} is damaged; put it back from a mirror, or publish with another by --profile.");
    }
}
