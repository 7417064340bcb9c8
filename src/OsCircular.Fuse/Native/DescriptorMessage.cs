using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace OsCircular.Fuse.Native;

/// <summary>One message on a Unix socket, with an open file beside it (SCM_RIGHTS, unix(7)).</summary>
internal static unsafe class DescriptorMessage
{
    public const int DoNotWait = 0x40;

    private const int ReceiveCloseOnExec = 0x40000000;
    private const int NoSignal = 0x4000;
    private const int SocketLevel = 1;
    private const int Rights = 1;

    // struct cmsghdr (length, level, type) and one descriptor, 8-byte aligned; room for three more, so that too many are seen and closed.
    private const int ControlWords = 4;
    private const int HeaderBytes = 16;
    private const int OneDescriptor = HeaderBytes + sizeof(int);

    /// <returns>Ok, or why it was not sent.</returns>
    public static FuseError Send(SafeHandle socket, ReadOnlySpan<byte> bytes, SafeHandle? descriptor = null)
    {
        ulong* control = stackalloc ulong[ControlWords];
        fixed (byte* data = bytes)
        {
            var vector = new IoVector { Base = data, Length = (nuint)bytes.Length };
            var message = new MessageHeader { Vectors = &vector, VectorCount = 1 };
            if (descriptor != null)
            {
                control[0] = OneDescriptor;
                ((int*)control)[2] = SocketLevel;
                ((int*)control)[3] = Rights;
                ((int*)control)[4] = (int)descriptor.DangerousGetHandle();
                message.Control = control;
                message.ControlLength = HeaderBytes + sizeof(ulong);
            }

            nint sent;
            do sent = Libc.SendMessage(socket, &message, NoSignal);
            while (sent < 0 && (FuseError)Marshal.GetLastPInvokeError() == FuseError.EINTR);
            GC.KeepAlive(descriptor);
            return sent == bytes.Length ? FuseError.Ok : sent < 0 ? (FuseError)Marshal.GetLastPInvokeError() : FuseError.EIO;
        }
    }

    /// <returns>Bytes received; 0 where the other end is closed, below 0 where nothing came.</returns>
    /// <param name="socket">A Unix socket.</param>
    /// <param name="buffer">Longer messages are cut.</param>
    /// <param name="flags">Of recvmsg(2).</param>
    /// <param name="descriptor">The file sent with it, or null; the caller's.</param>
    public static int Receive(SafeHandle socket, Span<byte> buffer, int flags, out SafeFileHandle? descriptor)
    {
        ulong* control = stackalloc ulong[ControlWords];
        descriptor = null;
        fixed (byte* data = buffer)
        {
            var vector = new IoVector { Base = data, Length = (nuint)buffer.Length };
            MessageHeader message;
            nint received;
            do
            {
                message = new MessageHeader { Vectors = &vector, VectorCount = 1, Control = control, ControlLength = ControlWords * sizeof(ulong) };
                received = Libc.ReceiveMessage(socket, &message, ReceiveCloseOnExec | flags);
            }
            while (received < 0 && (FuseError)Marshal.GetLastPInvokeError() == FuseError.EINTR);
            if (received >= 0) descriptor = Take(control, message.ControlLength);
            return (int)received;
        }
    }

    private static SafeFileHandle? Take(ulong* control, nuint length)
    {
        int* words = (int*)control;
        if (length < OneDescriptor || control[0] < OneDescriptor || words[2] != SocketLevel || words[3] != Rights) return null;
        int count = (int)((Math.Min((nuint)control[0], length) - HeaderBytes) / sizeof(int));
        for (int i = 1; i < count; i++) _ = Libc.Close(words[4 + i]);
        return new SafeFileHandle(words[4], ownsHandle: true);
    }
}
