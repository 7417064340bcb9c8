using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using OsCircular.Fuse.Native;
using OsCircular.Fuse.Protocol;

namespace OsCircular.Fuse;

/// <summary>Taking requests apart and putting replies together.</summary>
internal sealed unsafe partial class FuseReader
{
    /// <summary>A size of 0 asks how long the value is.</summary>
    private void ReplySized(ulong unique, FuseError error, ReadOnlyMemory<byte> value, uint size)
    {
        if (error == FuseError.Ok && size == 0) ReplyStruct(unique, new ExtendedAttributeSize { Size = (uint)value.Length });
        else ReplyBytes(unique, error == FuseError.Ok && value.Length > size ? FuseError.ERANGE : error, value);
    }

    private void ReplyBytes(ulong unique, FuseError error, ReadOnlyMemory<byte> value)
    {
        if (error == FuseError.Ok) value.Span.CopyTo(_output.AsSpan(FuseChannel.HeaderSize));
        if (error == FuseError.Ok) _channel.Reply(unique, ResidentBuffer.AddressOf(_output), value.Length);
        else _channel.ReplyError(unique, error);
    }

    private void ReplyStruct<T>(ulong unique, FuseError error, in T value) where T : unmanaged
    {
        if (error == FuseError.Ok) ReplyStruct(unique, value);
        else _channel.ReplyError(unique, error);
    }

    private void ReplyStruct<T>(ulong unique, in T value) where T : unmanaged
    {
        MemoryMarshal.Write(_output.AsSpan(FuseChannel.HeaderSize), in value);
        _channel.Reply(unique, ResidentBuffer.AddressOf(_output), sizeof(T));
    }

    private static bool TryTake<T>(ref ReadOnlySpan<byte> bytes, out T value) where T : unmanaged
    {
        if (!MemoryMarshal.TryRead(bytes, out value)) return false;
        bytes = bytes[sizeof(T)..];
        return true;
    }

    /// <summary>A name ends with NUL and is not empty.</summary>
    private static bool TryTakeName(ref ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out ReadOnlySpan<byte> name)
    {
        int length = bytes.IndexOf((byte)0);
        name = length > 0 ? bytes[..length] : default;
        if (length <= 0) return false;
        bytes = bytes[(length + 1)..];
        return true;
    }
}
