using System.Buffers;
using OsCircular.Fuse.Native;

namespace OsCircular.Fuse;

/// <summary>A read of up to 1 MiB. Pooled: a steady stream of reads allocates nothing.</summary>
public sealed unsafe class FuseRead : FuseRequest
{
    /// <summary>Segments in one reply: 1 MiB out of blocks of 64 KiB needs 17.</summary>
    public const int MaxSegments = 64;

    private readonly byte[] _vectors = ResidentBuffer.Allocate(FuseChannel.HeaderSize + ((1 + MaxSegments) * sizeof(IoVector)));
    private readonly MemoryHandle[] _pins = new MemoryHandle[MaxSegments];

    internal FuseRead(FuseRequestTable table) : base(table)
    {
    }

    /// <summary>Bytes asked for: 1 to 1 MiB. The kernel asks in whole pages, so the range may reach past the end of the file.</summary>
    public int Length { get; internal set; }

    /// <summary>
    /// Answers with the bytes of <paramref name="segments"/> one after another, straight from their memory in one writev(2); nothing of it is used after the
    /// return. The memory should be resident (see the README) and must not be a file mapping. Fewer bytes than <see cref="Length"/> mean
    /// that the file ends there.
    /// </summary>
    /// <param name="segments">At most <see cref="MaxSegments"/>, together at most <see cref="Length"/> bytes.</param>
    public void Reply(ReadOnlySpan<ReadOnlyMemory<byte>> segments)
    {
        int total = 0;
        foreach (ReadOnlyMemory<byte> segment in segments) total = checked(total + segment.Length);
        if (segments.Length > MaxSegments || total > Length)
            throw new ArgumentException($"{segments.Length} segments of {total} bytes do not answer a read of {Length} bytes", nameof(segments));

        if (BeginReply()) Write(segments, total);
        EndReply();
    }

    /// <summary>Answers with the bytes of one piece of memory.</summary>
    public void Reply(ReadOnlyMemory<byte> bytes) => Reply(new ReadOnlySpan<ReadOnlyMemory<byte>>(ref bytes));

    private void Write(ReadOnlySpan<ReadOnlyMemory<byte>> segments, int total)
    {
        byte* header = ResidentBuffer.AddressOf(_vectors);
        var vectors = (IoVector*)(header + FuseChannel.HeaderSize);
        vectors[0] = new IoVector { Base = header, Length = FuseChannel.HeaderSize };
        try
        {
            for (int i = 0; i < segments.Length; i++)
            {
                _pins[i] = segments[i].Pin();
                vectors[i + 1] = new IoVector { Base = (byte*)_pins[i].Pointer, Length = (nuint)segments[i].Length };
            }

            Channel.ReplyVector(Unique, vectors, segments.Length + 1, total);
        }
        finally
        {
            for (int i = 0; i < segments.Length; i++) _pins[i].Dispose();
        }
    }
}
