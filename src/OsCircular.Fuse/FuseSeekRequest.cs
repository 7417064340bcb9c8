namespace OsCircular.Fuse;

public enum FuseSeek
{
    Data = 3,
    Hole = 4,
}

/// <summary>SEEK_DATA or SEEK_HOLE from <see cref="FuseRequest.Offset"/>; at or past the end the answer is the error ENXIO, as lseek(2) says.</summary>
public sealed unsafe class FuseSeekRequest : FuseRequest
{
    internal FuseSeekRequest(FuseRequestTable table) : base(table)
    {
    }

    public FuseSeek Whence { get; internal set; }

    /// <param name="offset">Where the next data or hole begins; for a hole at the latest the file's size.</param>
    public void Reply(long offset)
    {
        if (BeginReply())
        {
            byte* message = stackalloc byte[FuseChannel.HeaderSize + sizeof(long)];
            *(long*)(message + FuseChannel.HeaderSize) = offset;
            Channel.Reply(Unique, message, sizeof(long));
        }

        EndReply();
    }
}
