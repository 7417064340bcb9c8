using System.Runtime.CompilerServices;
using OsCircular.Fuse.Native;
using OsCircular.Fuse.Protocol;

namespace OsCircular.Fuse;

internal sealed unsafe partial class FuseReader
{
    private const int OpenAccessMode = 3;
    private const uint WriteAccess = 2;
    private const ulong SentAgain = 1UL << 63;

    private void Handle(ReadOnlySpan<byte> request)
    {
        if (!TryTake(ref request, out InHeader header) || header.Length != request.Length + Unsafe.SizeOf<InHeader>())
        {
            Malformed(header, request.Length);
            return;
        }

        if ((uint)header.Opcode < CountedOpcodes) _counts[(int)header.Opcode]++;
        if (_session.RefusesResent && (header.Unique & SentAgain) != 0 && header.Opcode != FuseOpcode.Init && !HasNoReply(header.Opcode))
        {
            _channel.ReplyError(header.Unique, FuseError.EIO);
            return;
        }

        try
        {
            if (!TryHandle(header, request)) Malformed(header, request.Length);
        }
        catch (Exception failure) when (header.Opcode != FuseOpcode.Init)
        {
            _logger.RequestThrew(header.Opcode, header.NodeId, failure);
            bool mayBeAnswered = header.Opcode is FuseOpcode.Read or FuseOpcode.Seek ? _table.TryAbandon(header.Unique) : !HasNoReply(header.Opcode);
            if (mayBeAnswered) _channel.ReplyError(header.Unique, FuseError.EIO);
        }
    }

    private void Malformed(in InHeader header, int length)
    {
        Volatile.Write(ref _malformed, _malformed + 1);
        _logger.Malformed(length, header.Opcode);
        if (header.Unique != 0 && !HasNoReply(header.Opcode)) _channel.ReplyError(header.Unique, FuseError.EINVAL);
    }

    private static bool HasNoReply(FuseOpcode opcode) =>
        opcode is FuseOpcode.Forget or FuseOpcode.BatchForget or FuseOpcode.Interrupt or FuseOpcode.NotifyReply;

    /// <returns>False when the body is not what the opcode requires; nothing was answered then.</returns>
    private bool TryHandle(in InHeader header, ReadOnlySpan<byte> body)
    {
        switch (header.Opcode)
        {
            case FuseOpcode.Read:
                return TryRead(header, body);
            case FuseOpcode.Seek:
                return TrySeek(header, body);
            case FuseOpcode.Lookup:
                return TryLookup(header, body);
            case FuseOpcode.GetAttributes:
                GetAttributes(header);
                return true;
            case FuseOpcode.ReadDirectory:
                return TryReadDirectory(header, body, withAttributes: false);
            case FuseOpcode.ReadDirectoryPlus:
                return TryReadDirectory(header, body, withAttributes: true);
            case FuseOpcode.Open:
                return TryOpen(header, body);
            case FuseOpcode.OpenDirectory:
                ReplyStruct(header.Unique, default(OpenOut));
                return true;
            case FuseOpcode.Release:
                _fileSystem.Release(header.NodeId);
                _channel.ReplyError(header.Unique, FuseError.Ok);
                return true;
            case FuseOpcode.ReadLink:
                ReplyBytes(header.Unique, _fileSystem.ReadLink(header.NodeId, out ReadOnlyMemory<byte> target), target);
                return true;
            case FuseOpcode.GetExtendedAttribute:
                return TryGetExtendedAttribute(header, body);
            case FuseOpcode.ListExtendedAttributes:
                return TryListExtendedAttributes(header, body);
            case FuseOpcode.Statistics:
                FuseError error = _fileSystem.GetFileSystemStatistics(out FuseStatistics statistics);
                ReplyStruct(header.Unique, error, WireForms.Of(statistics));
                return true;
            case FuseOpcode.Access:
                return TryAccess(header, body);
            case FuseOpcode.Init:
                return TryInit(header, body);
            case FuseOpcode.Interrupt:
                return TryInterrupt(body);
            default:
                HandleRest(header);
                return true;
        }
    }

    private void HandleRest(in InHeader header)
    {
        switch (header.Opcode)
        {
            // Node ids are stable and nothing is counted, so there is nothing to forget; and these get no reply.
            case FuseOpcode.Forget or FuseOpcode.BatchForget or FuseOpcode.NotifyReply:
                return;
            case FuseOpcode.ReleaseDirectory or FuseOpcode.Destroy:
                _channel.ReplyError(header.Unique, FuseError.Ok);
                return;
            case FuseOpcode.SetAttributes or FuseOpcode.SymbolicLink or FuseOpcode.MakeNode or FuseOpcode.MakeDirectory or FuseOpcode.Unlink
                or FuseOpcode.RemoveDirectory or FuseOpcode.Rename or FuseOpcode.Rename2 or FuseOpcode.Link or FuseOpcode.Write or FuseOpcode.Create
                or FuseOpcode.SetExtendedAttribute or FuseOpcode.RemoveExtendedAttribute or FuseOpcode.Allocate or FuseOpcode.CopyFileRange
                or FuseOpcode.CopyFileRange64 or FuseOpcode.TemporaryFile:
                _channel.ReplyError(header.Unique, FuseError.EROFS);
                return;

            // After ENOSYS the kernel answers flush, fsync, statx and the like itself and does not ask again.
            default:
                _channel.ReplyError(header.Unique, FuseError.ENOSYS);
                return;
        }
    }

    private bool TryRead(in InHeader header, ReadOnlySpan<byte> body)
    {
        if (!TryTake(ref body, out ReadIn read)) return false;
        if (read.Size is 0 or > FuseInit.MaxReadBytes || read.Offset > long.MaxValue - FuseInit.MaxReadBytes) return false;
        if (!_table.TryBeginRead(header.Unique, header.NodeId, (long)read.Offset, (int)read.Size, out FuseRead? request)) return true;
        bool inline = request.InlineAllowed = _session.TryTakeInline();
        try
        {
            _fileSystem.Read(request);
        }
        finally
        {
            if (inline) _session.GiveBackInline();
        }

        return true;
    }

    private bool TrySeek(in InHeader header, ReadOnlySpan<byte> body)
    {
        if (!TryTake(ref body, out SeekIn seek) || seek.Offset > long.MaxValue || (FuseSeek)seek.Whence is not (FuseSeek.Data or FuseSeek.Hole)) return false;
        if (!_table.TryBeginSeek(header.Unique, header.NodeId, (long)seek.Offset, (FuseSeek)seek.Whence, out FuseSeekRequest? request)) return true;
        bool inline = request.InlineAllowed = _session.TryTakeInline();
        try
        {
            _fileSystem.Seek(request);
        }
        finally
        {
            if (inline) _session.GiveBackInline();
        }

        return true;
    }

    private bool TryLookup(in InHeader header, ReadOnlySpan<byte> body)
    {
        if (!TryTakeName(ref body, out ReadOnlySpan<byte> name)) return false;
        FuseError error = _fileSystem.Lookup(header.NodeId, name, out FuseEntry entry);
        ReplyStruct(header.Unique, error, WireForms.Of(entry));
        return true;
    }

    private void GetAttributes(in InHeader header)
    {
        FuseError error = _fileSystem.GetAttributes(header.NodeId, out FuseAttributes attributes);
        ReplyStruct(header.Unique, error, WireForms.WithTimeout(attributes));
    }

    private bool TryOpen(in InHeader header, ReadOnlySpan<byte> body)
    {
        if (!TryTake(ref body, out OpenIn open)) return false;
        FuseError error = (open.Flags & OpenAccessMode) != 0 ? FuseError.EROFS : _fileSystem.Open(header.NodeId, (int)open.Flags);
        ReplyStruct(header.Unique, error, new OpenOut { OpenFlags = OpenOut.KeepCache });
        return true;
    }

    private bool TryReadDirectory(in InHeader header, ReadOnlySpan<byte> body, bool withAttributes)
    {
        if (!TryTake(ref body, out ReadIn read)) return false;
        int room = (int)Math.Min(read.Size, OutputSize - FuseChannel.HeaderSize);
        var writer = new FuseDirectoryWriter(_output.AsSpan(FuseChannel.HeaderSize, room), withAttributes);
        FuseError error = _fileSystem.ReadDirectory(header.NodeId, read.Offset, ref writer);
        if (error == FuseError.Ok) _channel.Reply(header.Unique, ResidentBuffer.AddressOf(_output), writer.Length);
        else _channel.ReplyError(header.Unique, error);
        return true;
    }

    private bool TryGetExtendedAttribute(in InHeader header, ReadOnlySpan<byte> body)
    {
        if (!TryTake(ref body, out ExtendedAttributeSize wanted) || !TryTakeName(ref body, out ReadOnlySpan<byte> name)) return false;
        FuseError error = _fileSystem.GetExtendedAttribute(header.NodeId, name, out ReadOnlyMemory<byte> value);
        ReplySized(header.Unique, error, value, wanted.Size);
        return true;
    }

    private bool TryListExtendedAttributes(in InHeader header, ReadOnlySpan<byte> body)
    {
        if (!TryTake(ref body, out ExtendedAttributeSize wanted)) return false;
        FuseError error = _fileSystem.ListExtendedAttributes(header.NodeId, out ReadOnlyMemory<byte> names);
        ReplySized(header.Unique, error, names, wanted.Size);
        return true;
    }

    private bool TryAccess(in InHeader header, ReadOnlySpan<byte> body)
    {
        if (!TryTake(ref body, out AccessIn access)) return false;
        _channel.ReplyError(header.Unique, (access.Mask & WriteAccess) != 0 ? FuseError.EROFS : FuseError.Ok);
        return true;
    }

    private bool TryInterrupt(ReadOnlySpan<byte> body)
    {
        if (!TryTake(ref body, out ulong unique)) return false;
        _table.Interrupt(unique);
        return true;
    }

    private bool TryInit(in InHeader header, ReadOnlySpan<byte> body)
    {
        if (!TryTake(ref body, out InitIn init)) return false;
        uint flags2 = ((FuseInitFlags)init.Flags).HasFlag(FuseInitFlags.InitExtended) && TryTake(ref body, out uint more) ? more : 0;
        switch (FuseNegotiation.Negotiate(init, flags2, out InitOut answer, out FuseConnectionState? state))
        {
            case FuseError.Ok:
                if (state != null) _session.Negotiated(state);
                ReplyStruct(header.Unique, answer);
                if (state != null) _session.Opened(state);
                return true;
            case var error:
                _channel.ReplyError(header.Unique, error);
                throw new FuseException($"the kernel speaks FUSE {init.Major}.{init.Minor}; boot Linux 4.20 ({FuseInit.Major}.{FuseInit.OldestMinor}) or newer");
        }
    }
}
