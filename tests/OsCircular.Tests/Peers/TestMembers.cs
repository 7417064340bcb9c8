using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using OsCircular.Peers;
using OsCircular.Peers.Choice;
using OsCircular.Peers.Client;
using OsCircular.Peers.Membership;
using OsCircular.TestKit.Mirrors;

namespace OsCircular.Tests.Peers;

/// <summary>A table of members nobody speaks with.</summary>
internal sealed class TestMembers : IDisposable
{
    public const string Repository = "0123456789abcdef";

    private readonly TestMeters _meters = new();
    private readonly PeerOptions _options;
    private readonly TimeProvider _time;

    public TestMembers(TimeProvider time, PeerOptions? options = null)
    {
        _time = time;
        _options = options ?? new PeerOptions();
        Metrics = new PeerMetrics(_meters);
        Table = new MemberTable(Self.Id, Make, _options, time);
    }

    public static PeerHello Self { get; } = Hello(0);

    public MemberTable Table { get; }
    public PeerMetrics Metrics { get; }

    public static PeerId Id(int number) => PeerId.Derive("test", "member", $"{number}");

    public static PeerHello Hello(int number, string? repository = Repository, bool fetches = true) => new(Id(number), default, 7117, repository, 1, fetches);

    public static IPEndPoint Address(int number, int port = 7117) => new(new IPAddress([10, 0, (byte)(number >> 8), (byte)number]), port);

    /// <summary>Lets the table hear of a member at its usual address.</summary>
    public Member Add(int number, string? repository = Repository, bool fetches = true)
    {
        Assert.Equal(Hearing.New, Table.Hear(Address(number), Hello(number, repository, fetches), out Member? member));
        return member!;
    }

    public Member Make(IPEndPoint address, PeerHello hello)
    {
        Conduct conduct = new(_options.Ban, _time);
        PeerIdentity identity = new(Self.Id, () => Self, null);
        return new Member(address, hello, new PeerLink(address, identity, conduct, _options, new Patience(_options.Silence, _time), Metrics, _time, NullLogger.Instance), conduct, _time);
    }

    /// <summary>What a search among them needs.</summary>
    public PeerSet Set(Random random, ILogger? logger = null) => new(Table, () => Self, _options, new Patience(_options.Silence, _time), Metrics, _time, random, logger ?? NullLogger.Instance);

    public void Dispose()
    {
        Table.Dispose();
        _meters.Dispose();
    }
}
