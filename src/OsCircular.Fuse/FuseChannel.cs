using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;
using OsCircular.Fuse.Native;
using OsCircular.Fuse.Protocol;

namespace OsCircular.Fuse;

/// <summary>
/// One open /dev/fuse description: whole messages in, whole messages out, from any thread. A reply goes out on the description its request came in on,
/// so there is just this one, never cloned.
/// </summary>
internal sealed unsafe class FuseChannel(SafeFileHandle device, ILogger logger)
{
    public const int HeaderSize = 16;

    private long _errorReplies;
    private long _lateReplies;

    public long ErrorReplies => Interlocked.Read(ref _errorReplies);

    /// <summary>Replies that the kernel no longer waited for: interrupted, or answered by another process.</summary>
    public long LateReplies => Interlocked.Read(ref _lateReplies);

    /// <summary>Waits for a request.</summary>
    /// <returns>Its length, or 0 with the reason why there is none.</returns>
    public int Read(byte* buffer, int size, out FuseError error)
    {
        nint length = Libc.Read(device, buffer, (nuint)size);
        error = length < 0 ? (FuseError)Marshal.GetLastPInvokeError() : FuseError.Ok;
        return (int)Math.Max(0, length);
    }

    public void ReplyError(ulong unique, FuseError error)
    {
        var header = new OutHeader { Length = HeaderSize, Error = -(int)error, Unique = unique };
        if (error != FuseError.Ok) Interlocked.Increment(ref _errorReplies);
        _ = Check(WriteOnce((byte*)&header, HeaderSize), unique);
    }

    /// <param name="message">Resident memory; room for the header, then the body.</param>
    public void Reply(ulong unique, byte* message, int bodyLength)
    {
        *(OutHeader*)message = new OutHeader { Length = (uint)(HeaderSize + bodyLength), Unique = unique };
        if (!Check(WriteOnce(message, HeaderSize + bodyLength), unique)) ReplyError(unique, FuseError.EIO);
    }

    /// <param name="vectors">The first is the header's.</param>
    public void ReplyVector(ulong unique, IoVector* vectors, int count, int bodyLength)
    {
        *(OutHeader*)vectors[0].Base = new OutHeader { Length = (uint)(HeaderSize + bodyLength), Unique = unique };
        if (!Check(WriteVector(vectors, count), unique)) ReplyError(unique, FuseError.EIO);
    }

    /// <summary>Tells the kernel something it did not ask for.</summary>
    /// <returns>What the kernel says to it; ENOENT where it has nothing cached.</returns>
    public FuseError Notify(FuseNotification code, ReadOnlySpan<byte> fixedPart, ReadOnlySpan<byte> name = default)
    {
        int nameLength = name.IsEmpty ? 0 : name.Length + 1;
        int length = HeaderSize + fixedPart.Length + nameLength;
        Span<byte> message = length <= 512 ? stackalloc byte[length] : new byte[length];
        message.Clear();
        MemoryMarshal.Write(message, new OutHeader { Length = (uint)length, Error = (int)code });
        fixedPart.CopyTo(message[HeaderSize..]);
        name.CopyTo(message[(HeaderSize + fixedPart.Length)..]);
        fixed (byte* pointer = message) return WriteOnce(pointer, length);
    }

    private FuseError WriteOnce(byte* message, int length)
    {
        try
        {
            FuseError error;
            do error = Libc.Write(device, message, (nuint)length) < 0 ? (FuseError)Marshal.GetLastPInvokeError() : FuseError.Ok;
            while (error == FuseError.EINTR);
            return error;
        }
        catch (ObjectDisposedException)
        {
            return FuseError.ENODEV;
        }
    }

    private FuseError WriteVector(IoVector* vectors, int count)
    {
        try
        {
            FuseError error;
            do error = Libc.WriteVector(device, vectors, count) < 0 ? (FuseError)Marshal.GetLastPInvokeError() : FuseError.Ok;
            while (error == FuseError.EINTR);
            return error;
        }
        catch (ObjectDisposedException)
        {
            return FuseError.ENODEV;
        }
    }

    /// <returns>False when the request still has no answer and must get another one.</returns>
    private bool Check(FuseError error, ulong unique)
    {
        switch (error)
        {
            case FuseError.Ok:
            case FuseError.ENODEV:
                return true;
            case FuseError.ENOENT:
                Interlocked.Increment(ref _lateReplies);
                return true;
            default:
                logger.ReplyRefused(unique, error);
                return false;
        }
    }
}
