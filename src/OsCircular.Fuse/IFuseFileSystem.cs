namespace OsCircular.Fuse;

/// <summary>
/// A read-only file system as the kernel asks for it. All methods are called from several reader threads at once.
/// </summary>
/// <remarks>
/// Everything but <see cref="Read"/> and <see cref="Seek"/> is answered on the spot and must not wait for network or disk: it holds a reader thread.
/// An exception is logged and answered EIO. Node ids and directory offsets outlive this process when another takes the connection over: they must mean
/// the same in the next one, and one that is not known answers <see cref="FuseError.ESTALE"/>. Opens carry no state: nothing of one is remembered here.
/// Names are bytes without the final NUL; spans are valid during the call only.
/// </remarks>
public interface IFuseFileSystem
{
    FuseError Lookup(ulong parent, ReadOnlySpan<byte> name, out FuseEntry entry);

    FuseError GetAttributes(ulong id, out FuseAttributes attributes);

    /// <param name="target">At most 4095 bytes.</param>
    FuseError ReadLink(ulong id, out ReadOnlyMemory<byte> target);

    /// <summary>Opening for writing was refused before. The kernel keeps what it has cached of the file.</summary>
    /// <param name="flags">As given to open(2).</param>
    FuseError Open(ulong id, int flags);

    /// <summary>The last use of one open has ended. After a takeover it also comes for opens that this process never saw.</summary>
    void Release(ulong id)
    {
    }

    /// <summary>
    /// Answers now or later, from any thread, with exactly one call of a Reply method. Work that may wait for a local disk is done on this thread only if
    /// <see cref="FuseRequest.InlineAllowed"/>; a wait for the network never is.
    /// </summary>
    void Read(FuseRead request);

    /// <summary>Adds entries from <paramref name="offset"/> on (0: from the first) until they end or do not fit.</summary>
    FuseError ReadDirectory(ulong id, ulong offset, ref FuseDirectoryWriter writer);

    /// <summary><see cref="FuseError.ENODATA"/> when there is none of that name.</summary>
    /// <param name="value">At most 64 KiB.</param>
    FuseError GetExtendedAttribute(ulong id, ReadOnlySpan<byte> name, out ReadOnlyMemory<byte> value);

    /// <param name="nulSeparated">Each name followed by NUL; at most 64 KiB.</param>
    FuseError ListExtendedAttributes(ulong id, out ReadOnlyMemory<byte> nulSeparated);

    FuseError GetFileSystemStatistics(out FuseStatistics statistics);

    /// <summary>SEEK_DATA and SEEK_HOLE of lseek(2); under the rules of <see cref="Read"/>.</summary>
    void Seek(FuseSeekRequest request);
}
