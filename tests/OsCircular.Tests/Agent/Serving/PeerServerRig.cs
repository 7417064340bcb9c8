using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using OsCircular.Agent.Serving;
using OsCircular.Blocks;
using OsCircular.Peers;
using OsCircular.Peers.Access;
using OsCircular.Sources;
using OsCircular.TestKit;
using OsCircular.TestKit.Peers;
using OsCircular.TestKit.Sources;

namespace OsCircular.Tests.Agent.Serving;

/// <summary>A listener over a folder with one block and a head in it, a made-up agent behind it, on loopback.</summary>
internal sealed class PeerServerRig : IAsyncDisposable
{
    public static readonly byte[] Held = TestBlocks.Make(1, 90_000);
    public static readonly string HeldPath = "/" + RepositoryPaths.Block(BlockName.Of(Held));
    public static readonly byte[] Absent = TestBlocks.Make(2, 70_000);
    public static readonly string AbsentPath = "/" + RepositoryPaths.Block(BlockName.Of(Absent));

    private readonly List<RawConnection> _connections = [];

    private PeerServerRig(PeerGroup group)
    {
        Group = group;
        Desk = new FakePeerDesk(Hello(9));
    }

    public PeerGroup Group { get; }
    public FakePeerDesk Desk { get; }
    public TempDirectory Folder { get; } = new();
    public PeerServer Server { get; private set; } = null!;
    public Func<IPAddress, bool> MayBeMember { get; set; } = _ => true;

    public static PeerId Id(byte number) => new(Enumerable.Repeat(number, PeerId.Size).ToArray());

    public static async Task<PeerServerRig> StartAsync(
        PeerServerOptions? options = null, GroupKey? key = null, TimeProvider? time = null, IPAddress? listen = null, bool mayMove = false)
    {
        var rig = new PeerServerRig(new PeerGroup("lab", key));
        string path = rig.Folder[HeldPath[1..]];
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await File.WriteAllBytesAsync(path, Held);
        await File.WriteAllTextAsync(rig.Folder["head.minisig"], "head one");
        await File.WriteAllTextAsync(rig.Folder["secret"], "not yours");
        Directory.CreateDirectory(rig.Folder["agent"]);
        await File.WriteAllTextAsync(rig.Folder["agent/trust.json"], "not yours either");
        var setup = new PeerServerSetup(rig.Folder.Path, rig.Group, address => rig.MayBeMember(address), rig.Desk, options ?? new PeerServerOptions());
        rig.Server = await PeerServer.StartAsync(
            setup, new IPEndPoint(listen ?? IPAddress.Loopback, 0), mayMove, time ?? TimeProvider.System, NullLoggerFactory.Instance, default);
        return rig;
    }

    public PeerHello Hello(byte number, PeerId? group = null) => new(Id(number), group ?? Group.Id, 7117, "0123456789abcdef", 3, true);

    /// <summary>Closed with the rig.</summary>
    public async Task<RawConnection> OpenAsync(IPAddress? address = null, int receiveBuffer = 0)
    {
        RawConnection connection = await RawConnection.OpenAsync(address ?? IPAddress.Loopback, Server.Port, receiveBuffer);
        _connections.Add(connection);
        return connection;
    }

    /// <summary>Asks on a connection of its own.</summary>
    public async Task<RawAnswer> GetAsync(string target, params IEnumerable<(string Name, string Value)> headers)
    {
        RawConnection connection = await OpenAsync();
        return await connection.AskAsync("GET", target, headers);
    }

    /// <summary>Asks to be a home for <see cref="Absent"/>.</summary>
    public Task<RawAnswer> FetchAsync(string fetch = "1", string length = "70000", params IEnumerable<(string Name, string Value)> headers) =>
        GetAsync(AbsentPath, [(PeerHeaders.Fetch, fetch), (PeerHeaders.Length, length), .. headers]);

    public async ValueTask DisposeAsync()
    {
        foreach (RawConnection connection in _connections) connection.Dispose();
        await Server.DisposeAsync();
        Folder.Dispose();
    }
}
