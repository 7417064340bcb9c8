using Microsoft.Win32.SafeHandles;

namespace OsCircular.Fuse.Holding;

/// <summary>
/// Who keeps a mount's open /dev/fuse while no agent runs, so that the connection outlives the agent's process. One agent at a time uses it
/// (the cache's lock sees to that); its calls come from one thread at a time and wait some seconds at most.
/// </summary>
/// <remarks>Failures are <see cref="FuseException"/>: the mount is then served without a keeper, or not taken over.</remarks>
public interface IMountKeeper : IDisposable
{
    /// <summary>For people: "process 123", "the service manager".</summary>
    string Name { get; }

    /// <summary>What an agent before us left; null where nothing is kept. The kernel's requests wait from now on for us.</summary>
    KeptMount? Take();

    /// <summary>Hands over a new mount. To be called before INIT is answered: until then nothing can be lost.</summary>
    void Keep(SafeFileHandle device, HandOver state);

    /// <summary>Replaces what the next agent will be given.</summary>
    /// <param name="state">All of it.</param>
    /// <param name="serving">Whether this agent is known to do its work: the end of one that is not does not start the takeover time anew.</param>
    void Save(HandOver state, bool serving);

    /// <summary>The mount is over, or is not to be kept: forgets it.</summary>
    void Release();

    /// <summary>Whether it would still be there if this process ended now.</summary>
    bool IsThere { get; }
}

/// <summary>A mount without an agent.</summary>
/// <param name="Device">The open /dev/fuse; the caller's from now on.</param>
/// <param name="State">A hand-over in bytes, perhaps of another version.</param>
public sealed record KeptMount(SafeFileHandle Device, ReadOnlyMemory<byte> State);
