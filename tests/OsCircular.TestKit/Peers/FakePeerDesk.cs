using System.Collections.Concurrent;
using System.Net;
using OsCircular.Blocks;
using OsCircular.Peers;
using OsCircular.Sources;

namespace OsCircular.TestKit.Peers;

/// <summary>An agent behind a listener that says what a test tells it to, and keeps what it was told.</summary>
public sealed class FakePeerDesk(PeerHello hello) : IPeerDesk
{
    private readonly ConcurrentQueue<(IPAddress Address, PeerHello Hello)> _heard = new();
    private readonly ConcurrentQueue<(PeerId? Peer, IPAddress Address, long Bytes)> _sent = new();
    private readonly ConcurrentQueue<AskedFetch> _fetches = new();
    private readonly ConcurrentQueue<BlockName> _checked = new();

    public PeerHello Hello { get; } = hello;

    public IReadOnlyList<(IPAddress Address, PeerHello Hello)> HeardOf => [.. _heard];

    public IReadOnlyList<(PeerId? Peer, IPAddress Address, long Bytes)> SentTo => [.. _sent];

    public IReadOnlyList<AskedFetch> Fetches => [.. _fetches];

    public IReadOnlyList<BlockName> Checked => [.. _checked];

    public byte[] PeersBody { get; set; } = """{"format":1,"peers":[]}"""u8.ToArray();

    public Func<string?, byte[]> SummaryOf { get; set; } = since => [.. "summary since "u8, .. System.Text.Encoding.ASCII.GetBytes(since ?? "ever")];

    public Func<PeerId?, IPAddress, bool> ServesWhom { get; set; } = (_, _) => true;

    /// <summary>Fills the buffer where it gives.</summary>
    public Func<AskedFetch, Memory<byte>, CancellationToken, Task<HomeAnswer>> FetchBlock { get; set; } =
        (_, _, _) => Task.FromResult(new HomeAnswer(HomeAnswerKind.Missing));

    public Func<DocumentName, HomeAnswer> FetchDocument { get; set; } = _ => new HomeAnswer(HomeAnswerKind.Missing);

    public Func<BlockName, bool> IsGood { get; set; } = _ => true;

    public void Heard(IPAddress address, PeerHello hello) => _heard.Enqueue((address, hello));

    public byte[] Peers() => PeersBody;

    public byte[] Summary(string? since) => SummaryOf(since);

    public bool Serves(PeerId? peer, IPAddress address) => ServesWhom(peer, address);

    public void Sent(PeerId? peer, IPAddress address, long bytes) => _sent.Enqueue((peer, address, bytes));

    public async ValueTask<HomeAnswer> FetchAsync(
        BlockName name, int storedLength, FetchClass fetchClass, bool joinOnly, Memory<byte> destination, CancellationToken cancellationToken)
    {
        var asked = new AskedFetch(name, storedLength, fetchClass, joinOnly);
        _fetches.Enqueue(asked);
        return await FetchBlock(asked, destination, cancellationToken);
    }

    public ValueTask<HomeAnswer> FetchAsync(DocumentName name, CancellationToken cancellationToken) => ValueTask.FromResult(FetchDocument(name));

    public bool Check(BlockName name)
    {
        _checked.Enqueue(name);
        return IsGood(name);
    }
}

/// <summary>What a home was asked for.</summary>
public readonly record struct AskedFetch(BlockName Name, int StoredLength, FetchClass FetchClass, bool JoinOnly);
