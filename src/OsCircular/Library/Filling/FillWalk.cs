using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.Sources;

namespace OsCircular.Library.Filling;

/// <summary>
/// Goes through the stored blocks that a target means, by places: in the order of the disk, a place for each of its blocks, or in the order of its profile. Used by
/// one task at a time.
/// </summary>
internal sealed class FillWalk
{
    private readonly IndexWalk _walk;
    private readonly IReadOnlyList<long>? _profile;

    private FillWalk(FillTarget target, IReadOnlyList<long>? profile, IDocumentSource documents)
    {
        _walk = new IndexWalk(target.Version.Geometry, target.Version.Index, documents);
        _profile = profile;
        Places = profile?.Count ?? target.Version.Geometry.BlockCount;
    }

    public long Places { get; }

    /// <summary>Begins a walk; reads the profile where it goes by one. A version without a profile has no places for it.</summary>
    /// <returns>An error where the profile could not be had or is none: <see cref="SourceError.Invalid"/>.</returns>
    public static async ValueTask<(SourceError Error, FillWalk? Walk)> BeginAsync(
        FillTarget target, IDocumentSource documents, Deadline deadline, CancellationToken cancellationToken)
    {
        if (!target.ProfileOnly) return (SourceError.None, new FillWalk(target, null, documents));
        if (target.Version.Profile is not { } digest) return (SourceError.None, new FillWalk(target, [], documents));
        FetchedDocument fetched = await documents.FetchAsync(new DocumentName(DocumentKind.Profile, digest), deadline, cancellationToken).ConfigureAwait(false);
        if (!fetched.Succeeded) return (fetched.Error, null);
        return BootProfile.TryParse(fetched.Bytes.Span, target.Version.Geometry.BlockCount, out BootProfile? profile)
            ? (SourceError.None, new FillWalk(target, profile.Blocks, documents))
            : (SourceError.Invalid, null);
    }

    /// <summary>The first stored block at this place or a later one, and its row; <see cref="Places"/> or more where there is none.</summary>
    /// <inheritdoc cref="IndexWalk.FindAsync"/>
    public async ValueTask<(SourceError Error, long Place, BlockRow Row)> FindAsync(long place, Deadline deadline, CancellationToken cancellationToken)
    {
        if (_profile is null) return await _walk.FindAsync(place, deadline, cancellationToken).ConfigureAwait(false);
        for (; place < _profile.Count; place++)
        {
            long block = _profile[(int)place];
            (SourceError error, long at, BlockRow row) = await _walk.FindAsync(block, deadline, cancellationToken).ConfigureAwait(false);
            if (error != SourceError.None || at == block) return (error, place, row);
        }

        return (SourceError.None, place, default);
    }
}
