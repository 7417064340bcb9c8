using System.Globalization;
using System.Text;
using OsCircular.Blocks;
using OsCircular.Disks;
using OsCircular.Disks.Booting;
using OsCircular.Indexes;

namespace OsCircular.Mount;

/// <summary>One version as the mount shows it: known from the manifest alone until it is first read. Thread-safe.</summary>
internal sealed class MountedVersion
{
    private const string AttributePrefix = "user.oscircular.";

    private readonly Lazy<Disk> _disk;
    private readonly ImageName _image;
    private readonly ManifestVersion _version;
    private int _opened = 1; // not read since it was opened: perhaps before a takeover

    public MountedVersion(ImageName imageName, ManifestVersion version, Func<BlockGeometry, Digest?, Disk> open)
    {
        (string image, string name) = (imageName.ToString(), version.Name.ToString());
        _image = imageName;
        _version = version;
        DiskId = NodeId.Of(NodeKind.Disk, image, name);
        _disk = new Lazy<Disk>(() => open(version.Geometry, version.Index));
        ExtendedAttributes =
        [
            Attribute("image", image),
            Attribute("version", name),
            Attribute("index", version.Index?.ToString() ?? ""),
            Attribute("block-size", version.Geometry.BlockSize.ToString(CultureInfo.InvariantCulture)),
        ];
        AttributeNames = ExtendedAttributes.SelectMany(attribute => (byte[])[.. attribute.Name, 0]).ToArray();
    }

    public ulong DiskId { get; }

    /// <summary>Digest of the index's root page; null for a disk of zeros.</summary>
    public Digest? Index => _version.Index;

    public BlockGeometry Geometry => _version.Geometry;

    /// <summary>Bytes of the version's block files.</summary>
    public long StoredBytes => _version.StoredBytes;

    public DateTimeOffset PublishedAt => _version.Published;

    public (byte[] Name, byte[] Value)[] ExtendedAttributes { get; }

    /// <summary>As listxattr(2) wants them: each ended by NUL.</summary>
    public byte[] AttributeNames { get; }

    public Disk Disk => _disk.Value;

    /// <summary>Whether this process was asked for any of it.</summary>
    public bool WasRead => _disk.IsValueCreated;

    /// <summary>What is booted where the version has a profile; else null.</summary>
    public BootedDisk? Booted => _version.Profile is { } profile ? new BootedDisk(_image, _version.Name, profile, Disk) : null;

    /// <summary>Its disk was opened: the next read is the first.</summary>
    public void Opened() => Volatile.Write(ref _opened, 1);

    /// <summary>Whether this read is the first since the disk was opened.</summary>
    public bool IsFirstRead() => Volatile.Read(ref _opened) != 0 && Interlocked.Exchange(ref _opened, 0) != 0;

    private static (byte[], byte[]) Attribute(string name, string value) => (Encoding.ASCII.GetBytes(AttributePrefix + name), Encoding.ASCII.GetBytes(value));
}
