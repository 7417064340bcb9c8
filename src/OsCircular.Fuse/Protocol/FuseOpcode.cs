namespace OsCircular.Fuse.Protocol;

/// <summary>enum fuse_opcode of include/uapi/linux/fuse.h, version 7.45.</summary>
public enum FuseOpcode : uint
{
    Lookup = 1,
    Forget = 2,
    GetAttributes = 3,
    SetAttributes = 4,
    ReadLink = 5,
    SymbolicLink = 6,
    MakeNode = 8,
    MakeDirectory = 9,
    Unlink = 10,
    RemoveDirectory = 11,
    Rename = 12,
    Link = 13,
    Open = 14,
    Read = 15,
    Write = 16,
    Statistics = 17,
    Release = 18,
    Sync = 20,
    SetExtendedAttribute = 21,
    GetExtendedAttribute = 22,
    ListExtendedAttributes = 23,
    RemoveExtendedAttribute = 24,
    Flush = 25,
    Init = 26,
    OpenDirectory = 27,
    ReadDirectory = 28,
    ReleaseDirectory = 29,
    Access = 34,
    Create = 35,
    Interrupt = 36,
    Destroy = 38,
    NotifyReply = 41,
    BatchForget = 42,
    Allocate = 43,
    ReadDirectoryPlus = 44,
    Rename2 = 45,
    Seek = 46,
    CopyFileRange = 47,
    TemporaryFile = 51,
    CopyFileRange64 = 53,
}

/// <summary>enum fuse_notify_code; goes where a reply has its error.</summary>
internal enum FuseNotification
{
    InvalidateInode = 2,
    InvalidateEntry = 3,

    /// <summary>Asks for all requests again that were read and not answered (Linux 6.9).</summary>
    Resend = 7,
}
