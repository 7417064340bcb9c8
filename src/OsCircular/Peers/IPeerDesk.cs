using System.Net;
using OsCircular.Blocks;
using OsCircular.Sources;

namespace OsCircular.Peers;

/// <summary>
/// What a listener asks of the agent behind it, once it has decided that the asker may have an answer. May be called in parallel; nothing here throws for what
/// a network or a disk does.
/// </summary>
public interface IPeerDesk
{
    /// <summary>What this agent says of itself now; its port is the listener's to say.</summary>
    PeerHello Hello { get; }

    /// <summary>Someone greeted or polled, and may be a member: known and alive from now on.</summary>
    /// <param name="address">Where it spoke from; it listens there on the hello's port.</param>
    /// <param name="hello">Of this group.</param>
    void Heard(IPAddress address, PeerHello hello);

    /// <summary>The body of <c>/peers</c>: JSON, at most 64 KiB.</summary>
    byte[] Peers();

    /// <summary>The body of <c>/summary</c>.</summary>
    /// <param name="since">The query's <c>since</c>: what the asker has; null for all.</param>
    byte[] Summary(string? since);

    /// <summary>Whether to answer this peer at all: false while it is banned.</summary>
    bool Serves(PeerId? peer, IPAddress address);

    /// <summary>Block or document bytes went out to a peer.</summary>
    void Sent(PeerId? peer, IPAddress address, long bytes);

    /// <summary>Acts as home for a block that is not held: answers within a second.</summary>
    /// <param name="name">The block.</param>
    /// <param name="storedLength">Bytes of the block file, 1 to <see cref="StoredBlock.MaxLength"/>.</param>
    /// <param name="fetchClass">For whom.</param>
    /// <param name="joinOnly">Only where it is being fetched already.</param>
    /// <param name="destination">At least <paramref name="storedLength"/> bytes, lent until the task completes.</param>
    /// <param name="cancellationToken">The asker has gone.</param>
    ValueTask<HomeAnswer> FetchAsync(
        BlockName name, int storedLength, FetchClass fetchClass, bool joinOnly, Memory<byte> destination, CancellationToken cancellationToken);

    /// <summary>Acts as home for a document: answers within a second.</summary>
    ValueTask<HomeAnswer> FetchAsync(DocumentName name, CancellationToken cancellationToken);

    /// <summary>Reads a held block's own file and checks it; a damaged one is set aside.</summary>
    /// <returns>Whether it is held and good.</returns>
    bool Check(BlockName name);
}

public enum HomeAnswerKind
{
    /// <summary>200: here it is, verified.</summary>
    Given,

    /// <summary>202: it is on its way; ask again.</summary>
    Working,

    /// <summary>404: nobody this agent asked has it.</summary>
    Missing,

    /// <summary>503: not from here, or not now.</summary>
    Refused,
}

/// <param name="Kind">What to answer.</param>
/// <param name="Bytes">What was asked for, where it is given; a block lies in the asker's buffer.</param>
/// <param name="Estimate">Where it is working: from now.</param>
public readonly record struct HomeAnswer(HomeAnswerKind Kind, ReadOnlyMemory<byte> Bytes = default, TimeSpan Estimate = default);
