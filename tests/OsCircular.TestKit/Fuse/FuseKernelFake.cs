using System.Buffers.Binary;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using OsCircular.Fuse;
using OsCircular.Fuse.Protocol;

namespace OsCircular.TestKit.Fuse;

/// <summary>One reply as the kernel would get it.</summary>
public sealed record FuseReply(ulong Unique, FuseError Error, byte[] Body);

/// <summary>
/// The kernel's side of a connection, over a socket pair that keeps message boundaries. Writes the wire form by offset from include/uapi/linux/fuse.h and uses
/// no structure of ours, so that a wrong structure shows.
/// </summary>
public sealed class FuseKernelFake : IDisposable
{
    private const int LocalSocket = 1;
    private const int SequencedPacketSocket = 5;
    private const int InHeaderSize = 40;
    private const int OutHeaderSize = 16;

    private readonly Socket _socket;
    private readonly byte[] _buffer = new byte[(1 << 20) + OutHeaderSize];
    private readonly Dictionary<ulong, FuseReply> _early = [];
    private ulong _unique;

    public FuseKernelFake()
    {
        var descriptors = new int[2];
        if (SocketPair(LocalSocket, SequencedPacketSocket, 0, descriptors) != 0) throw new IOException("no socket pair");
        Device = new SafeFileHandle(descriptors[0], ownsHandle: true);
        _socket = new Socket(new SafeSocketHandle(descriptors[1], ownsHandle: true)) { ReceiveTimeout = 20_000 };
    }

    /// <summary>What a session serves.</summary>
    public SafeFileHandle Device { get; }

    public static byte[] ReadBody(long offset, int size)
    {
        var body = new byte[40];
        BinaryPrimitives.WriteInt64LittleEndian(body.AsSpan(8), offset);
        BinaryPrimitives.WriteInt32LittleEndian(body.AsSpan(16), size);
        return body;
    }

    public static byte[] SeekBody(long offset, FuseSeek whence)
    {
        var body = new byte[24];
        BinaryPrimitives.WriteInt64LittleEndian(body.AsSpan(8), offset);
        BinaryPrimitives.WriteInt32LittleEndian(body.AsSpan(16), (int)whence);
        return body;
    }

    public static byte[] Name(string name) => Encoding.UTF8.GetBytes(name + "\0");

    public static byte[] SizedName(int size, string name = "")
    {
        byte[] body = [.. new byte[8], .. name.Length == 0 ? [] : Name(name)];
        BinaryPrimitives.WriteInt32LittleEndian(body, size);
        return body;
    }

    public static byte[] InitBody(uint major = 7, uint minor = 45, uint flags = 0x73fffffb, uint flags2 = 0x5fd)
    {
        var body = new byte[64];
        uint[] fields = [major, minor, 128 << 10, flags, flags2];
        for (int i = 0; i < fields.Length; i++) BinaryPrimitives.WriteUInt32LittleEndian(body.AsSpan(4 * i), fields[i]);
        return body;
    }

    public FuseReply Init() => Call(FuseOpcode.Init, 0, InitBody());

    public FuseReply Call(FuseOpcode opcode, ulong id, params byte[] body) => Receive(Send(opcode, id, body));

    public FuseReply Read(ulong id, long offset, int size) => Call(FuseOpcode.Read, id, ReadBody(offset, size));

    /// <returns>The request's number.</returns>
    public ulong Send(FuseOpcode opcode, ulong id, params byte[] body)
    {
        _unique += 2;
        SendAs(_unique, opcode, id, body);
        return _unique;
    }

    public void SendAs(ulong unique, FuseOpcode opcode, ulong id, params byte[] body) => SendRaw(Message(unique, opcode, id, body));

    public void Interrupt(ulong unique)
    {
        var body = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(body, unique);
        SendAs(unique | 1, FuseOpcode.Interrupt, 0, body);
    }

    public void SendRaw(ReadOnlySpan<byte> message) => _socket.Send(message);

    public static byte[] Message(ulong unique, FuseOpcode opcode, ulong id, params byte[] body)
    {
        var message = new byte[InHeaderSize + body.Length];
        BinaryPrimitives.WriteInt32LittleEndian(message, message.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(message.AsSpan(4), (uint)opcode);
        BinaryPrimitives.WriteUInt64LittleEndian(message.AsSpan(8), unique);
        BinaryPrimitives.WriteUInt64LittleEndian(message.AsSpan(16), id);
        body.CopyTo(message.AsSpan(InHeaderSize));
        return message;
    }

    /// <summary>The reply to one request; others that come first are kept.</summary>
    public FuseReply Receive(ulong unique)
    {
        FuseReply? reply;
        while (!_early.Remove(unique, out reply))
        {
            FuseReply next = Receive();
            if (!_early.TryAdd(next.Unique, next)) throw new InvalidOperationException($"request {next.Unique:x} was answered twice");
        }

        return reply;
    }

    /// <summary>The next message: a reply, or a notification (unique 0, its code in place of the error).</summary>
    public FuseReply Receive()
    {
        int length = _socket.Receive(_buffer);
        if (length < OutHeaderSize || BinaryPrimitives.ReadInt32LittleEndian(_buffer) != length)
            throw new InvalidOperationException($"a reply of {length} bytes with a wrong header");
        int error = BinaryPrimitives.ReadInt32LittleEndian(_buffer.AsSpan(4));
        return new FuseReply(BinaryPrimitives.ReadUInt64LittleEndian(_buffer.AsSpan(8)), (FuseError)Math.Abs(error), _buffer[OutHeaderSize..length]);
    }

    /// <summary>Receives without allocating; the body's length.</summary>
    public int ReceiveLength() => _socket.Receive(_buffer) - OutHeaderSize;

    /// <summary>Whether a message waits to be received.</summary>
    public bool HasReply => _early.Count > 0 || _socket.Available > 0;

    /// <summary>Ends the connection as an unmount does.</summary>
    public void Unmount() => _socket.Dispose();

    public void Dispose()
    {
        _socket.Dispose();
        Device.Dispose();
    }

    [DllImport("libc", EntryPoint = "socketpair")]
    private static extern int SocketPair(int domain, int type, int protocol, int[] descriptors);
}
