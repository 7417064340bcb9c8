using OsCircular.Blocks;
using OsCircular.Indexes;

namespace OsCircular.Agent.Guests;

/// <summary>A version that a mount shows.</summary>
/// <param name="Reference">Image and version.</param>
/// <param name="DiskPath">Its <c>disk.raw</c>, an absolute path by its version.</param>
/// <param name="Latest">Whether it is its image's newest.</param>
/// <param name="Published">When it was published, in UTC.</param>
internal sealed record OfferedVersion(VersionReference Reference, string DiskPath, bool Latest, DateTime Published)
{
    /// <summary>All that a mount shows: by image, the newest first.</summary>
    /// <param name="mount">The mount point.</param>
    /// <exception cref="UserError">It cannot be listed, or is no mount of ours.</exception>
    public static IReadOnlyList<OfferedVersion> AllOf(string mount)
    {
        try
        {
            string root = Path.GetFullPath(mount);
            OfferedVersion[] all = [.. Directory.EnumerateDirectories(root).Order(StringComparer.Ordinal).SelectMany(VersionsOf)];
            return all.Length > 0 ? all : throw new UserError($"{mount}: no images here; is it where an agent has mounted them? Mount with: oscircular mount {mount} ...");
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new UserError($"{mount}: cannot be listed ({cause.Message.TrimEnd('.')}); mount with: oscircular mount {mount} ...", cause);
        }
    }

    /// <summary>The one that is named; where no version is, the newest as of now.</summary>
    /// <exception cref="UserError">There is no such one.</exception>
    public static OfferedVersion Find(IReadOnlyList<OfferedVersion> all, VersionReference wanted) =>
        all.FirstOrDefault(one => one.Reference.Image == wanted.Image && (wanted.Version is null ? one.Latest : one.Reference == wanted))
        ?? throw new UserError($"{wanted} is not mounted; there is {string.Join(", ", all.Select(one => one.Reference))}");

    private static IEnumerable<OfferedVersion> VersionsOf(string folder)
    {
        if (!ImageName.TryParse(Path.GetFileName(folder), out ImageName image)) return [];
        string? latest = new FileInfo(Path.Combine(folder, "latest")).LinkTarget;
        return
            from path in Directory.EnumerateDirectories(folder)
            let name = Path.GetFileName(path)
            where VersionName.TryParse(name, out _) && File.Exists(Path.Combine(path, "disk.raw"))
            let published = Directory.GetLastWriteTimeUtc(path)
            orderby name == latest descending, published descending
            select new OfferedVersion(new VersionReference(image, VersionName.Parse(name)), Path.Combine(path, "disk.raw"), name == latest, published);
    }
}
