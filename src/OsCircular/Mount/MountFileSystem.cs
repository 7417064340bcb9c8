using System.Collections.Concurrent;
using OsCircular.Blocks;
using OsCircular.Disks;
using OsCircular.Disks.Booting;
using OsCircular.Fuse;
using OsCircular.Indexes;

namespace OsCircular.Mount;

/// <summary>
/// The mounted tree as the kernel asks for it. All but <see cref="Read"/> and <see cref="Seek"/> answers from the adopted manifest alone,
/// so that <c>ls</c>, <c>stat</c> and <c>df</c> never wait for a disk or a network. Opens are stateless: an agent that takes the connection over knows as much.
/// </summary>
public sealed class MountFileSystem : IFuseFileSystem, IAsyncDisposable
{
    private const ulong AfterDot = 2;
    private const ulong AfterDotDot = 3;

    private readonly Func<BlockGeometry, Digest?, Disk> _openDisk;
    private readonly PendingReadPool _reads = new();
    private readonly PendingSeeks _seeks;
    private readonly ConcurrentDictionary<ulong, int> _opens = new(); // by disk
    private MountTree _tree;

    /// <param name="manifest">The adopted manifest.</param>
    /// <param name="openDisk">Opens the disk of an index root (null: all zeros), on its first read.</param>
    /// <param name="seekLimit">How long a SEEK_HOLE or SEEK_DATA may wait for an index page.</param>
    /// <param name="time">The clock.</param>
    public MountFileSystem(Manifest manifest, Func<BlockGeometry, Digest?, Disk> openDisk, TimeSpan seekLimit, TimeProvider time)
    {
        _openDisk = openDisk;
        _seeks = new PendingSeeks(seekLimit, time);
        _tree = MountTree.Build(manifest, before: null, openDisk);
    }

    /// <summary>A disk whose version has a profile is about to be read for the first time since it was opened. Handlers must be quick and not throw.</summary>
    public event Action<BootedDisk>? FirstRead;

    /// <summary>Such a disk is not open any more. Handlers must be quick and not throw.</summary>
    public event Action<BootedDisk>? Closed;

    private MountTree Tree => Volatile.Read(ref _tree);

    /// <summary>Shows another manifest from now on. Open files stay on what they opened. Calls must not overlap.</summary>
    public void Show(Manifest manifest) => Volatile.Write(ref _tree, MountTree.Build(manifest, Tree, _openDisk));

    public FuseError Lookup(ulong parent, ReadOnlySpan<byte> name, out FuseEntry entry)
    {
        entry = default;
        if (Tree.Find(parent) is not { } directory) return FuseError.ESTALE;
        if (directory.FindChild(name) is not { } child) return FuseError.ENOENT;
        entry = child.Entry;
        return FuseError.Ok;
    }

    public FuseError GetAttributes(ulong id, out FuseAttributes attributes)
    {
        MountNode? node = Tree.Find(id);
        attributes = node?.Entry.Attributes ?? default;
        return node is null ? FuseError.ESTALE : FuseError.Ok;
    }

    public FuseError ReadLink(ulong id, out ReadOnlyMemory<byte> target)
    {
        MountNode? node = Tree.Find(id);
        target = node?.LinkTarget ?? default;
        return node is null ? FuseError.ESTALE : node.Kind == NodeKind.Latest ? FuseError.Ok : FuseError.EINVAL;
    }

    public FuseError Open(ulong id, int flags)
    {
        if (Tree.Find(id) is not { } node) return FuseError.ESTALE;
        if (node.Version is { } version)
        {
            _opens.AddOrUpdate(id, 1, static (_, opens) => opens + 1);
            version.Opened();
        }

        return FuseError.Ok;
    }

    public void Release(ulong id)
    {
        // None of ours, after a takeover.
        int left = _opens.AddOrUpdate(id, 0, static (_, opens) => Math.Max(0, opens - 1));
        if (left == 0 && Tree.Find(id)?.Version is { WasRead: true, Booted: { } booted }) Closed?.Invoke(booted);
    }

    /// <summary>Whether a version's disk was opened since this process serves it and is not closed yet. Nothing depends on it for being served.</summary>
    public bool IsOpen(ImageName image, VersionName version) =>
        _opens.GetValueOrDefault(NodeId.Of(NodeKind.Disk, image.ToString(), version.ToString())) > 0;

    /// <summary>Whether this process was asked for any of a version's disk: after a takeover, the sign of an open that it never saw.</summary>
    public bool WasRead(ImageName image, VersionName version) =>
        Tree.Find(NodeId.Of(NodeKind.Disk, image.ToString(), version.ToString()))?.Version is { WasRead: true };

    /// <summary>The disk of a version that is shown, and its file's id; null where there is none.</summary>
    public (Disk Disk, ulong Id)? Find(ImageName image, VersionName version)
    {
        ulong id = NodeId.Of(NodeKind.Disk, image.ToString(), version.ToString());
        return Tree.Find(id)?.Version is { } mounted ? (mounted.Disk, id) : null;
    }

    public void Read(FuseRead request)
    {
        MountNode? node = Tree.Find(request.Id);
        if (node?.Version is { } version)
        {
            if (version.IsFirstRead() && version.Booted is { } booted) FirstRead?.Invoke(booted);
            _reads.Rent().Start(version.Disk, request);
        }
        else request.ReplyError(node is null ? FuseError.ESTALE : FuseError.EISDIR);
    }

    public FuseError ReadDirectory(ulong id, ulong offset, ref FuseDirectoryWriter writer)
    {
        if (Tree.Find(id) is not { } directory) return FuseError.ESTALE;
        // The offset of an entry is its id, so a listing goes on rightly while versions come and go, and under another agent.
        if (offset == 0 && !writer.TryAdd(AfterDot, "."u8, directory.Entry)) return FuseError.Ok;
        if (offset <= AfterDot && !writer.TryAdd(AfterDotDot, ".."u8, directory.Entry)) return FuseError.Ok;
        for (int i = directory.IndexAfter(offset); i < directory.Children.Length; i++)
        {
            MountNode child = directory.Children[i];
            if (!writer.TryAdd(child.Id, child.Name, child.Entry)) break;
        }

        return FuseError.Ok;
    }

    public FuseError GetExtendedAttribute(ulong id, ReadOnlySpan<byte> name, out ReadOnlyMemory<byte> value)
    {
        value = default;
        MountNode? node = Tree.Find(id);
        if (node is null) return FuseError.ESTALE;
        foreach ((byte[] known, byte[] text) in node.Version?.ExtendedAttributes ?? [])
        {
            if (!name.SequenceEqual(known)) continue;
            value = text;
            return FuseError.Ok;
        }

        return FuseError.ENODATA;
    }

    public FuseError ListExtendedAttributes(ulong id, out ReadOnlyMemory<byte> nulSeparated)
    {
        MountNode? node = Tree.Find(id);
        nulSeparated = node?.Version?.AttributeNames;
        return node is null ? FuseError.ESTALE : FuseError.Ok;
    }

    public FuseError GetFileSystemStatistics(out FuseStatistics statistics)
    {
        MountTree tree = Tree;
        statistics = new FuseStatistics
        {
            BlockSize = BlockGeometry.SectorSize,
            Blocks = (ulong)(tree.TotalSize / BlockGeometry.SectorSize),
            Files = (ulong)tree.NodeCount,
            MaxNameLength = 64,
        };
        return FuseError.Ok;
    }

    public void Seek(FuseSeekRequest request)
    {
        MountNode? node = Tree.Find(request.Id);
        if (node?.Version is { } version) _seeks.Start(version.Disk, request);
        else request.ReplyError(node is null ? FuseError.ESTALE : FuseError.EINVAL);
    }

    /// <summary>Waits for the seeks that are under way; call it when the session has ended.</summary>
    public ValueTask DisposeAsync() => _seeks.DisposeAsync();
}
