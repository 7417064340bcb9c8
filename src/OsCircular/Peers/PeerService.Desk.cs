using System.Net;
using OsCircular.Blocks;
using OsCircular.Peers.Membership;
using OsCircular.Sources;

namespace OsCircular.Peers;

/// <summary>What this agent answers.</summary>
public sealed partial class PeerService
{
    /// <inheritdoc/>
    public PeerHello Hello
    {
        get
        {
            PeerStanding standing = _standing();
            return new PeerHello(Id, Access.Group, _port, standing.Repository, standing.Sequence, standing.Fetches);
        }
    }

    /// <inheritdoc/>
    public void Heard(IPAddress address, PeerHello hello)
    {
        // Before the start there is no port to name in a greeting of our own: who polls now is heard at its next look.
        if (_port != 0) Met(new IPEndPoint(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address, hello.Port), hello, "it greeted");
    }

    /// <inheritdoc/>
    public byte[] Peers() => PeersDocument.Write(_peers.Members.All, _peers.Draw());

    /// <inheritdoc/>
    public byte[] Summary(string? since) => _writer.Answer(since);

    /// <inheritdoc/>
    public bool Serves(PeerId? peer, IPAddress address) => !TryFind(peer, out Member? member) || !member!.Conduct.IsBanned;

    /// <inheritdoc/>
    public void Sent(PeerId? peer, IPAddress address, long bytes)
    {
        if (TryFind(peer, out Member? member)) member!.AddSent(bytes);
    }

    /// <inheritdoc/>
    public ValueTask<HomeAnswer> FetchAsync(
        BlockName name, int storedLength, FetchClass fetchClass, bool joinOnly, Memory<byte> destination, CancellationToken cancellationToken) =>
        _homes is { } homes
            ? homes.FetchAsync(name, storedLength, fetchClass, joinOnly, destination, cancellationToken)
            : ValueTask.FromResult(new HomeAnswer(HomeAnswerKind.Refused));

    /// <inheritdoc/>
    public ValueTask<HomeAnswer> FetchAsync(DocumentName name, CancellationToken cancellationToken) =>
        _homes is { } homes ? homes.FetchAsync(name, cancellationToken) : ValueTask.FromResult(new HomeAnswer(HomeAnswerKind.Refused));

    /// <inheritdoc/>
    public bool Check(BlockName name) => _parts?.Check(name) ?? false;

    private bool TryFind(PeerId? peer, out Member? member)
    {
        member = null;
        return peer is { } id && _peers.Members.TryFind(id, out member);
    }
}
