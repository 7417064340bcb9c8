using System.Collections.Frozen;
using OsCircular.Blocks;
using OsCircular.Disks;
using OsCircular.Indexes;

namespace OsCircular.Mount;

/// <summary>The tree that one manifest gives: <c>NAME/VERSION/disk.raw</c> and <c>NAME/latest</c>. An immutable snapshot, swapped whole.</summary>
internal sealed class MountTree
{
    private readonly FrozenDictionary<ulong, MountNode> _nodes;

    private MountTree(MountNode root, FrozenDictionary<ulong, MountNode> nodes)
    {
        Root = root;
        _nodes = nodes;
        TotalSize = nodes.Values.Sum(node => node.Version?.Geometry.DiskSize ?? 0);
    }

    public MountNode Root { get; }

    /// <summary>Bytes of all disks together.</summary>
    public long TotalSize { get; }

    public int NodeCount => _nodes.Count;

    public MountNode? Find(ulong id) => _nodes.GetValueOrDefault(id);

    /// <summary>Builds the tree. Disks of versions that the manifest no longer has stay readable by id for whoever has them open, but have no name.</summary>
    /// <param name="manifest">The adopted manifest.</param>
    /// <param name="before">The tree until now: its open disks are taken over.</param>
    /// <param name="openDisk">Opens a disk on its first read.</param>
    public static MountTree Build(Manifest manifest, MountTree? before, Func<BlockGeometry, Digest?, Disk> openDisk)
    {
        List<MountNode> images = [];
        Dictionary<ulong, MountNode> nodes = [];
        foreach (ManifestImage image in manifest.Images)
        {
            List<MountNode> entries = [];
            foreach (ManifestVersion version in image.Versions)
            {
                MountNode disk = DiskOf(image, version, before, openDisk);
                ulong id = NodeId.Of(NodeKind.Version, image.Name.ToString(), version.Name.ToString());
                MountNode folder = MountNode.Directory(NodeKind.Version, id, version.Name.ToString(), version.Published, [disk]);
                entries.Add(folder);
                nodes[disk.Id] = disk;
                nodes[folder.Id] = folder;
            }

            if (entries.Count == 0) continue;
            ManifestVersion newest = image.Versions[^1];
            if (image.Latest is { } offered)
            {
                MountNode latest = MountNode.Latest(image.Name.ToString(), offered.Name.ToString(), offered.Published);
                entries.Add(latest);
                nodes[latest.Id] = latest;
            }

            MountNode directory = MountNode.Directory(NodeKind.Image, NodeId.Of(NodeKind.Image, image.Name.ToString(), ""), image.Name.ToString(), newest.Published, entries);
            images.Add(directory);
            nodes[directory.Id] = directory;
        }

        DateTimeOffset modifiedAt = images.Count == 0 ? DateTimeOffset.UnixEpoch : images.Max(image => image.Entry.Attributes.ModifiedAt);
        MountNode root = MountNode.Directory(NodeKind.Root, NodeId.Root, "", modifiedAt, images);
        nodes[root.Id] = root;
        foreach (MountNode gone in before?._nodes.Values.Where(node => node.Version is not null) ?? []) nodes.TryAdd(gone.Id, gone);
        return new MountTree(root, nodes.ToFrozenDictionary());
    }

    private static MountNode DiskOf(ManifestImage image, ManifestVersion version, MountTree? before, Func<BlockGeometry, Digest?, Disk> openDisk)
    {
        MountNode? known = before?.Find(NodeId.Of(NodeKind.Disk, image.Name.ToString(), version.Name.ToString()));
        // A version never changes; where one nevertheless has another index, it is another disk, and the open one stays what it was.
        if (known?.Version is { } same && same.Index == version.Index && same.Geometry == version.Geometry) return known;
        return MountNode.Disk(new MountedVersion(image.Name, version, openDisk));
    }
}
