using OsCircular.Indexes;

namespace OsCircular.Library.Retaining;

/// <summary>How versions that left the manifest are shown beside those that it has: pure functions.</summary>
internal static class RetainRule
{
    /// <summary>The newest manifest, and in front of its versions those that are retained: retired ones, so that none is ever <c>latest</c>.</summary>
    /// <param name="newest">The adopted manifest. Where it has a version, its word counts.</param>
    /// <param name="retained">Versions by image.</param>
    /// <param name="now">Since when they are retired, where nobody said; to the second.</param>
    public static Manifest Merge(Manifest newest, IReadOnlyList<RetainedVersion> retained, DateTimeOffset now)
    {
        List<ManifestImage> images = [.. newest.Images];
        foreach (IGrouping<ImageName, RetainedVersion> group in retained.GroupBy(version => version.Image))
        {
            ManifestImage image = newest.Find(group.Key) ?? new ManifestImage(group.Key, [], []);
            ManifestVersion[] more = [
                .. group.Select(kept => kept.Version)
                    .Where(version => image.Find(version.Name) is null)
                    .Select(version => version with { Retired = version.Retired ?? now })];
            if (more.Length == 0) continue;
            images.RemoveAll(other => other.Name == group.Key);
            images.Add(image with { Versions = [.. more, .. image.Versions], Gone = [.. image.Gone.Where(name => more.All(version => version.Name != name))] });
        }

        return new Manifest(newest.Repository, newest.Sequence, images);
    }

    /// <summary>The versions of <paramref name="before"/> that <paramref name="newest"/> has no more.</summary>
    public static IReadOnlyList<RetainedVersion> LeftBehind(Manifest before, Manifest newest) => [
        .. before.Images.SelectMany(image => image.Versions
            .Where(version => newest.Find(image.Name)?.Find(version.Name) is null)
            .Select(version => new RetainedVersion(image.Name, version)))];
}

/// <summary>A version that left the manifest and is shown all the same.</summary>
/// <param name="Image">Its image.</param>
/// <param name="Version">As the last manifest that had it said.</param>
public sealed record RetainedVersion(ImageName Image, ManifestVersion Version);

/// <summary>A retired version that matters on this host.</summary>
/// <param name="Image">Its image.</param>
/// <param name="Version">Its name.</param>
/// <param name="Since">Since when it is retired.</param>
/// <param name="IsGone">Whether it left the manifest: mirrors have its files no more.</param>
/// <param name="IsOpen">Whether somebody has its disk open, or may have since before the last takeover.</param>
/// <param name="IsHeld">Whether the cache holds all of it, as far as was looked.</param>
public sealed record RetiredStatus(ImageName Image, VersionName Version, DateTimeOffset Since, bool IsGone, bool IsOpen, bool IsHeld);
