using OsCircular.Fuse.Protocol;

namespace OsCircular.Fuse;

/// <summary>What a session has done so far; one moment's copy.</summary>
public readonly record struct FuseCounters
{
    private readonly long[] _byOpcode;

    internal FuseCounters(long[] byOpcode) => _byOpcode = byOpcode;

    /// <summary>Replies that said an error, ENOENT of a lookup included.</summary>
    public long ErrorReplies { get; init; }

    /// <summary>Requests answered EINTR because the asking process was signalled.</summary>
    public long Interrupted { get; init; }

    /// <summary>Replies that the kernel no longer waited for.</summary>
    public long LateReplies { get; init; }

    /// <summary>Requests that break the protocol.</summary>
    public long Malformed { get; init; }

    /// <summary>Requests that wait for their answer now.</summary>
    public int Waiting { get; init; }

    public long Of(FuseOpcode opcode) => (uint)opcode < (uint)(_byOpcode?.Length ?? 0) ? _byOpcode![(int)opcode] : 0;
}
