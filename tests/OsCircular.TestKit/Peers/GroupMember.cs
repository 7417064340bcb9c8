using System.Security.Cryptography;
using System.Text;
using OsCircular.Peers;
using OsCircular.TestKit.Labs;

namespace OsCircular.TestKit.Peers;

/// <summary>What a member knows of its group and how it proves it, as Formats.md says, written a second time.</summary>
public sealed class GroupMember
{
    private readonly byte[]? _key;

    /// <param name="group">The group's name.</param>
    /// <param name="keyFile">The bytes of its key file, if it has one.</param>
    public GroupMember(string group, byte[]? keyFile)
    {
        _key = keyFile is null ? null : SHA256.HashData([.. "oscircular group key 1\n"u8, .. Encoding.ASCII.GetBytes(Encoding.ASCII.GetString(keyFile).TrimEnd())]);
        string proof = _key is null ? "" : Convert.ToHexStringLower(HMACSHA256.HashData(_key, "oscircular group id 1"u8));
        Group = new PeerId(SHA1.HashData(Encoding.ASCII.GetBytes($"oscircular group 1\n{group}\n{proof}")));
    }

    public PeerId Group { get; }
    public PeerId Id { get; } = PeerId.Derive(Guid.NewGuid().ToString(), "", "");

    public string Hello => new PeerHello(Id, Group, 7117, null, 0, false).ToString();

    /// <summary>The headers every request carries.</summary>
    public (string Name, string Value)[] Headers => [(PeerHeaders.Peer, Id.ToString()), (PeerHeaders.Hello, Hello)];

    /// <summary>The headers that prove one GET on one connection.</summary>
    /// <param name="listener">Whom it is for.</param>
    /// <param name="port">Where that one listens.</param>
    /// <param name="connectionNonce">What the listener drew for the connection, in hex.</param>
    /// <param name="counter">Of the connection.</param>
    /// <param name="target">The path with its query.</param>
    public (string Name, string Value)[] Prove(LabHost listener, int port, string connectionNonce, long counter, string target)
    {
        string own = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        string[] lines =
        [
            "oscircular peer request 1", connectionNonce, $"{listener.Address}:{port}", $"{counter}", "GET", target, own, $"{Id}", Hello, "", "", "",
        ];
        byte[] covered = Encoding.ASCII.GetBytes(string.Concat(lines.Select(line => line + "\n")));
        string proof = Convert.ToHexStringLower(HMACSHA256.HashData(_key!, covered));
        return [.. Headers, (PeerHeaders.Nonce, own), (PeerHeaders.Proof, $"{counter}:{proof}")];
    }
}
