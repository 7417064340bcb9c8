using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.Library.Filling;
using OsCircular.Sources;

namespace OsCircular.Library.Healing;

/// <summary>
/// Finds the rows of damaged blocks in the indexes of all versions: a name alone does not tell how long its block file is. Only pages that this host holds are
/// looked at, for a block is read by no other way.
/// </summary>
internal static class DamagedRows
{
    /// <param name="names">What is looked for.</param>
    /// <param name="manifest">On offer.</param>
    /// <param name="held">This host's own documents.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <returns>The rows of those that some version needs.</returns>
    public static async Task<List<BlockRow>> FindAsync(
        IReadOnlyCollection<BlockName> names, Manifest manifest, IDocumentSource held, TimeProvider time, CancellationToken cancellationToken)
    {
        HashSet<BlockName> wanted = [.. names];
        List<BlockRow> rows = [];
        HashSet<Digest> walked = [];
        foreach (ManifestVersion version in manifest.Images.SelectMany(image => image.Versions).Reverse())
        {
            if (version.Index is not { } root || !walked.Add(root)) continue;
            IndexWalk walk = new(version.Geometry, root, held);
            for (long at = 0; at < version.Geometry.BlockCount && wanted.Count > 0;)
            {
                cancellationToken.ThrowIfCancellationRequested();
                (SourceError error, at, BlockRow row) = await walk.FindAsync(at, Deadline.In(TimeSpan.FromMinutes(1), time), cancellationToken).ConfigureAwait(false);
                if (error != SourceError.None) at = IndexShape.FirstBlockOf(IndexShape.PageOf(at, level: 0) + 1, level: 0);
                else if (at++ < version.Geometry.BlockCount && wanted.Remove(row.Name)) rows.Add(row);
            }
        }

        return rows;
    }
}
