using OsCircular.Blocks;
using OsCircular.Indexes;

namespace OsCircular.Publishing;

/// <summary>Which version an overlay is published on, and whether it may be.</summary>
internal static class OverlayRules
{
    /// <param name="overlay">The overlay.</param>
    /// <param name="mountedIndex">The index that its mounted disk names; null where it is not mounted.</param>
    /// <param name="name">The image to publish it as.</param>
    /// <param name="force">Whether the user insists.</param>
    /// <param name="state">The repository's.</param>
    /// <returns>The version that it lies on.</returns>
    /// <exception cref="UserError">It may not be, and why.</exception>
    public static ManifestVersion BaseOf(OverlayFile overlay, Digest? mountedIndex, ImageName name, bool force, RepositoryState? state)
    {
        if (state?.Manifest.Find(overlay.Version.Image) is not { } image || image.Versions.FirstOrDefault(version => version.Name == overlay.Version.Version) is not { } below)
        {
            throw new UserError(
                $"{overlay.Path}: lies on {overlay.Version}, which this repository does not have; give the repository that was mounted at {overlay.BasePath}.");
        }

        if (mountedIndex is { } index && index != below.Index)
        {
            throw new UserError(
                $"{overlay.Path}: lies on {overlay.Version} of another repository: the one mounted at {overlay.BasePath} has another index; give that repository.");
        }

        if (mountedIndex is null && below.Index is not null && !force)
        {
            throw new UserError(
                $"{overlay.Path}: {overlay.BasePath} is not mounted, so nothing shows that the overlay lies on this repository's {overlay.Version}; mount it, or commit with --force.");
        }

        return name != overlay.Version.Image || below == image.Latest || force
            ? below
            : throw new UserError(
                $"{overlay.Path}: lies on {overlay.Version}, and {name}@{image.Latest?.Name} is newer: what came with that would be gone; make the change there, "
                + "or commit with --force.");
    }
}
