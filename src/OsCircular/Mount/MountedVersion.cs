using System.Globalization;
using System.Text;
using OsCircular.Blocks;
using OsCircular.Disks;

namespace OsCircular.Mount;

/// <summary>One version as the mount shows it: known from the manifest alone until it is first read. Thread-safe.</summary>
internal sealed class MountedVersion
{
    private const string AttributePrefix = "user.oscircular.";

    private readonly Lazy<Disk> _disk;

    public MountedVersion(string image, string name, Digest? index, BlockGeometry geometry, long storedBytes, DateTimeOffset publishedAt, Func<BlockGeometry, Digest?, Disk> open)
    {
        DiskId = NodeId.Of(NodeKind.Disk, image, name);
        Index = index;
        Geometry = geometry;
        StoredBytes = storedBytes;
        PublishedAt = publishedAt;
        _disk = new Lazy<Disk>(() => open(geometry, index));
        ExtendedAttributes =
        [
            Attribute("image", image),
            Attribute("version", name),
            Attribute("index", index?.ToString() ?? ""),
            Attribute("block-size", geometry.BlockSize.ToString(CultureInfo.InvariantCulture)),
        ];
        AttributeNames = ExtendedAttributes.SelectMany(attribute => (byte[])[.. attribute.Name, 0]).ToArray();
    }

    public ulong DiskId { get; }

    /// <summary>Digest of the index's root page; null for a disk of zeros.</summary>
    public Digest? Index { get; }

    public BlockGeometry Geometry { get; }

    /// <summary>Bytes of the version's block files.</summary>
    public long StoredBytes { get; }

    public DateTimeOffset PublishedAt { get; }

    public (byte[] Name, byte[] Value)[] ExtendedAttributes { get; }

    /// <summary>As listxattr(2) wants them: each ended by NUL.</summary>
    public byte[] AttributeNames { get; }

    public Disk Disk => _disk.Value;

    /// <summary>Whether this process was asked for any of it.</summary>
    public bool WasRead => _disk.IsValueCreated;

    private static (byte[], byte[]) Attribute(string name, string value) => (Encoding.ASCII.GetBytes(AttributePrefix + name), Encoding.ASCII.GetBytes(value));
}
