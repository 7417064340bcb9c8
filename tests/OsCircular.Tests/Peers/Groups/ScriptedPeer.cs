using System.Net;
using OsCircular.Blocks;
using OsCircular.Peers;
using OsCircular.Peers.Access;
using OsCircular.Peers.Homes;
using OsCircular.Peers.Summaries;
using OsCircular.Sources;
using OsCircular.TestKit.Mirrors;
using OsCircular.TestKit.Sources;

namespace OsCircular.Tests.Peers.Groups;

/// <summary>A member that greets well, says what it is told to say that it holds, and answers for blocks by a script.</summary>
internal sealed class ScriptedPeer : IAsyncDisposable
{
    private readonly FakeHeldNames _claims = new();
    private readonly SummaryWriter _writer;
    private readonly ScriptedHttpServer _server;
    private readonly Func<ScriptedRequest, Task> _script;
    private readonly bool _fetches;

    /// <param name="script">For every path but <c>/peers</c> and <c>/summary</c>.</param>
    /// <param name="fetches">Whether it says that it can be a home.</param>
    /// <param name="claims">What it says that it holds.</param>
    public ScriptedPeer(Func<ScriptedRequest, Task> script, bool fetches, params IEnumerable<byte[]> claims)
    {
        foreach (byte[] block in claims) _claims.Add(HeldKey.Of(BlockName.Of(block)));
        _script = script;
        _fetches = fetches;
        _writer = new SummaryWriter(_claims, 1);
        _server = new ScriptedHttpServer(AnswerAsync);
    }

    public PeerId Id => PeerId.Derive("test", "scripted", $"{Address.Port}");

    public IPEndPoint Address => new(IPAddress.Loopback, new Uri(_server.Url).Port);

    public PeerHello Hello => new(Id, new PeerGroup("lab").Id, Address.Port, TestMembers.Repository, 1, _fetches);

    /// <summary>Those for blocks.</summary>
    public IReadOnlyList<ScriptedRequest> Asked => [.. _server.Requests.Where(request => request.Path.StartsWith("blocks/", StringComparison.Ordinal))];

    /// <summary>Joins a host as if it had greeted it, and waits until the host knows what it claims.</summary>
    public async Task JoinAsync(GroupHost host)
    {
        host.Service.Heard(IPAddress.Loopback, Hello);
        await host.SeesAsync(Id, _claims.Keys.Length);
    }

    /// <summary>A block on the mirror whose home this is, where it and one host are all that can fetch.</summary>
    public byte[] BlockOf(TestGroup group, GroupHost host)
    {
        Span<int> heaviest = stackalloc int[1];
        while (true)
        {
            byte[] block = group.BlockOf(host);
            Rendezvous.Rank([Rendezvous.IdOf(Id), host.Weight], HeldKey.Of(BlockName.Of(block)), heaviest);
            if (heaviest[0] == 0) return block;
        }
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    /// <summary>Says nothing until the end.</summary>
    public static Task HangAsync(ScriptedRequest request) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, request.Stopping);

    private Task AnswerAsync(ScriptedRequest request)
    {
        string path = request.Path.Split('?')[0];
        if (path is not ("peers" or "summary")) return _script(request);
        byte[] body = path == "peers" ? """{"format":1,"peers":[]}"""u8.ToArray() : _writer.Answer(request.Path.Contains('=') ? request.Path.Split('=')[1] : null);
        return request.RespondAsync(200, body, $"{PeerHeaders.Hello}: {Hello}");
    }
}
