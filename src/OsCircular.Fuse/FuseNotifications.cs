using System.Runtime.InteropServices;
using OsCircular.Fuse.Protocol;

namespace OsCircular.Fuse;

/// <summary>What the kernel is told without having asked.</summary>
internal static class FuseNotifications
{
    public static void InvalidateEntry(FuseChannel channel, ulong parent, ReadOnlySpan<byte> name)
    {
        var message = new InvalidateEntryOut { Parent = parent, NameLength = (uint)name.Length };
        Check(channel.Notify(FuseNotification.InvalidateEntry, AsBytes(ref message), name));
    }

    public static void InvalidateInode(FuseChannel channel, ulong id)
    {
        // A length of 0 means to the end.
        var message = new InvalidateInodeOut { Inode = id };
        Check(channel.Notify(FuseNotification.InvalidateInode, AsBytes(ref message)));
    }

    // ENOENT: nothing of it is cached. ENODEV, ENOTCONN: nobody is left to be told.
    private static void Check(FuseError error)
    {
        if (error is FuseError.Ok or FuseError.ENOENT or FuseError.ENODEV or FuseError.ENOTCONN) return;
        throw new FuseException($"the kernel refused to forget what it has cached ({error}); programs may see an old name until its time is over");
    }

    private static ReadOnlySpan<byte> AsBytes<T>(ref T message) where T : unmanaged => MemoryMarshal.AsBytes(new ReadOnlySpan<T>(ref message));
}
