using OsCircular.Fuse;

namespace OsCircular.Benchmarks.Limits;

/// <summary>A folder with one file, <c>disk.raw</c>: 64 MiB of memory over and over, so that a disk of any size fits.</summary>
internal sealed class WindowFileSystem : IFuseFileSystem
{
    private const ulong Root = 1;
    private const ulong Disk = 2;
    private const int LongestRead = 1 << 20;
    private const int Window = 64 << 20;

    private readonly FuseAttributes _root = new() { Id = Root, Kind = FuseFileKind.Directory, Permissions = 0b101_101_101, Links = 2, ValidFor = TimeSpan.FromHours(1) };
    private readonly FuseAttributes _disk;
    private readonly byte[] _memory = GC.AllocateUninitializedArray<byte>(Window + LongestRead, pinned: true);

    public WindowFileSystem(long size)
    {
        _disk = new FuseAttributes { Id = Disk, Kind = FuseFileKind.File, Permissions = 0b100_100_100, Size = size, AllocatedSize = size, Links = 1, ValidFor = TimeSpan.FromHours(1) };
        new Random(1).NextBytes(_memory);
    }

    public void Read(FuseRead request)
    {
        int length = (int)Math.Clamp(_disk.Size - request.Offset, 0, request.Length);
        request.Reply(_memory.AsMemory((int)(request.Offset % Window), length));
    }

    public FuseError Lookup(ulong parent, ReadOnlySpan<byte> name, out FuseEntry entry)
    {
        bool found = parent == Root && name.SequenceEqual("disk.raw"u8);
        entry = found ? new FuseEntry { Attributes = _disk, NameValidFor = TimeSpan.FromHours(1) } : default;
        return found ? FuseError.Ok : FuseError.ENOENT;
    }

    public FuseError GetAttributes(ulong id, out FuseAttributes attributes)
    {
        attributes = id == Root ? _root : _disk;
        return id is Root or Disk ? FuseError.Ok : FuseError.ESTALE;
    }

    public FuseError ReadDirectory(ulong id, ulong offset, ref FuseDirectoryWriter writer)
    {
        if (offset == 0) writer.TryAdd(1, "disk.raw"u8, new FuseEntry { Attributes = _disk, NameValidFor = TimeSpan.FromHours(1) });
        return FuseError.Ok;
    }

    public FuseError GetFileSystemStatistics(out FuseStatistics statistics)
    {
        statistics = new FuseStatistics { BlockSize = 4096, Blocks = (ulong)_disk.Size / 4096, Files = 2, MaxNameLength = 255 };
        return FuseError.Ok;
    }

    public void Seek(FuseSeekRequest request)
    {
        if (request.Offset >= _disk.Size) request.ReplyError(FuseError.ENXIO);
        else request.Reply(request.Whence == FuseSeek.Data ? request.Offset : _disk.Size);
    }

    public FuseError Open(ulong id, int flags) => FuseError.Ok;

    public FuseError ReadLink(ulong id, out ReadOnlyMemory<byte> target)
    {
        target = default;
        return FuseError.EINVAL;
    }

    public FuseError GetExtendedAttribute(ulong id, ReadOnlySpan<byte> name, out ReadOnlyMemory<byte> value)
    {
        value = default;
        return FuseError.ENODATA;
    }

    public FuseError ListExtendedAttributes(ulong id, out ReadOnlyMemory<byte> nulSeparated)
    {
        nulSeparated = default;
        return FuseError.Ok;
    }
}
