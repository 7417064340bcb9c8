using System.Text;
using OsCircular.Fuse;

namespace OsCircular.Mount;

/// <summary>One file, directory or link of the mounted tree. Immutable.</summary>
internal sealed class MountNode
{
    // `latest` has to follow the adopted head within a second, and so has the list of versions.
    private static readonly TimeSpan NameValidFor = TimeSpan.FromSeconds(1);

    // A published version never changes.
    private static readonly TimeSpan DiskValidFor = TimeSpan.FromDays(1);

    private MountNode(NodeKind kind, string name, FuseAttributes attributes)
    {
        Kind = kind;
        Name = Encoding.ASCII.GetBytes(name);
        Entry = new FuseEntry { Attributes = attributes, NameValidFor = NameValidFor };
    }

    public NodeKind Kind { get; }

    /// <summary>The name in its directory, in ASCII.</summary>
    public byte[] Name { get; }

    public FuseEntry Entry { get; }

    public ulong Id => Entry.Attributes.Id;

    /// <summary>Of a directory: what is in it, by ascending id, which is also the order of listing.</summary>
    public MountNode[] Children { get; private init; } = [];

    /// <summary>Of <c>latest</c>: the version's name.</summary>
    public ReadOnlyMemory<byte> LinkTarget { get; private init; }

    /// <summary>Of a disk.</summary>
    public MountedVersion? Version { get; private init; }

    public static MountNode Directory(NodeKind kind, ulong id, string name, DateTimeOffset modifiedAt, IEnumerable<MountNode> children)
    {
        MountNode[] sorted = children.OrderBy(child => child.Id).ToArray();
        int folders = sorted.Count(child => child.Entry.Attributes.Kind == FuseFileKind.Directory);
        FuseAttributes attributes = new()
        {
            Id = id,
            Kind = FuseFileKind.Directory,
            Permissions = Convert.ToInt32("0555", 8),
            Links = 2 + folders,
            ModifiedAt = modifiedAt,
            ValidFor = NameValidFor,
        };
        return new MountNode(kind, name, attributes) { Children = sorted };
    }

    public static MountNode Latest(string image, string version, DateTimeOffset modifiedAt)
    {
        byte[] target = Encoding.ASCII.GetBytes(version);
        FuseAttributes attributes = new()
        {
            Id = NodeId.Of(NodeKind.Latest, image, ""),
            Kind = FuseFileKind.SymbolicLink,
            Permissions = Convert.ToInt32("0777", 8),
            Size = target.Length,
            Links = 1,
            ModifiedAt = modifiedAt,
            ValidFor = NameValidFor,
        };
        return new MountNode(NodeKind.Latest, "latest", attributes) { LinkTarget = target };
    }

    public static MountNode Disk(MountedVersion version)
    {
        FuseAttributes attributes = new()
        {
            Id = version.DiskId,
            Kind = FuseFileKind.File,
            Permissions = Convert.ToInt32("0444", 8),
            Size = version.Geometry.DiskSize,
            // Less than the size, so that cp and tar look for the holes.
            AllocatedSize = Math.Min(version.StoredBytes, version.Geometry.DiskSize),
            Links = 1,
            ModifiedAt = version.PublishedAt,
            PreferredReadSize = version.Geometry.BlockSize,
            ValidFor = DiskValidFor,
        };
        return new MountNode(NodeKind.Disk, "disk.raw", attributes) { Version = version };
    }

    public MountNode? FindChild(ReadOnlySpan<byte> name)
    {
        foreach (MountNode child in Children)
            if (name.SequenceEqual(child.Name))
                return child;
        return null;
    }

    /// <summary>Index of the first child with an id above <paramref name="id"/>.</summary>
    public int IndexAfter(ulong id)
    {
        int low = 0, high = Children.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (Children[middle].Id <= id) low = middle + 1;
            else high = middle;
        }

        return low;
    }
}
