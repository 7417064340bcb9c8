using OsCircular.Fuse;

namespace OsCircular.TestKit.Fuse;

/// <summary>Answers ENOENT or nothing to everything; a test overrides what it is about.</summary>
public class EmptyFileSystem : IFuseFileSystem
{
    public virtual FuseError Lookup(ulong parent, ReadOnlySpan<byte> name, out FuseEntry entry)
    {
        entry = default;
        return FuseError.ENOENT;
    }

    public virtual FuseError GetAttributes(ulong id, out FuseAttributes attributes)
    {
        attributes = default;
        return FuseError.ENOENT;
    }

    public virtual FuseError ReadLink(ulong id, out ReadOnlyMemory<byte> target)
    {
        target = default;
        return FuseError.ENOENT;
    }

    public virtual FuseError Open(ulong id, int flags) => FuseError.ENOENT;

    public virtual void Read(FuseRead request) => request.ReplyError(FuseError.ENOENT);

    public virtual FuseError ReadDirectory(ulong id, ulong offset, ref FuseDirectoryWriter writer) => FuseError.Ok;

    public virtual FuseError GetExtendedAttribute(ulong id, ReadOnlySpan<byte> name, out ReadOnlyMemory<byte> value)
    {
        value = default;
        return FuseError.ENODATA;
    }

    public virtual FuseError ListExtendedAttributes(ulong id, out ReadOnlyMemory<byte> nulSeparated)
    {
        nulSeparated = default;
        return FuseError.Ok;
    }

    public virtual FuseError GetFileSystemStatistics(out FuseStatistics statistics)
    {
        statistics = default;
        return FuseError.Ok;
    }

    public virtual void Seek(FuseSeekRequest request) => request.ReplyError(FuseError.ENXIO);
}
