using OsCircular.Agent.Commands;
using OsCircular.Agent.Control;

namespace OsCircular.Tests.Agent.Commands;

public sealed class PeersCommandTests
{
    private static readonly PeersSumReport Sum = new()
    {
        Group = "aaaaaaaabbbb", HasKey = false, Id = "0123456789abcdef", Port = 7117, Known = 2, Alive = 1, Banned = 1, BytesReceived = 0, BytesSent = 0, SparedBytes = 0,
        FetchedForOthers = 0, Duplicates = 0, SummaryBytes = 0, Answers = new Dictionary<string, long>(), Refusals = new Dictionary<string, long>(), Beacons = new Dictionary<string, long>(),
    };

    private static readonly PeerReport Good = new()
    {
        Address = "10.0.0.2:7117", Id = "feedfacefeedface", State = "alive", Why = null, Repository = null, Sequence = 1, Fetches = true, Offers = 1234, BytesReceived = 3 << 20,
        BytesSent = 1 << 20, LatencySeconds = 0.0025, BytesPerSecond = 100 << 20, Requests = 5, QuietSeconds = 1, Bans = 0, LastError = null,
    };

    [Fact]
    public void Print_PeersAreOff_SaysHowThatCame() => Assert.Equal(["peers are off: the agent was started with --peers off"], Lines(new PeersReport(null, [], [])));

    [Fact]
    public void Print_NobodyThere_SaysWhoThisIsAndThatNobodyIs() => Assert.Equal(
        ["this agent is 01234567 on port 7117, in group aaaaaaaa without a key: only hosts of its own networks", "no peers yet"], Lines(new PeersReport(Sum, [], [])));

    [Fact]
    public void Print_WithAKey_LeavesTheWarningOut() =>
        Assert.Equal("this agent is 01234567 on port 7117, in group aaaaaaaa", Lines(new PeersReport(Sum with { HasKey = true }, [], []))[0]);

    [Fact]
    public void Print_Peers_AreATableAndBelowItTheReasons()
    {
        PeerReport banned = Good with { Address = "[fd00::3]:7117", State = "banned", Why = "sent wrong bytes; for 60 s more", Fetches = false, LatencySeconds = null, BytesPerSecond = 0 };
        string[] lines = Lines(new PeersReport(Sum, [Good, banned], []));
        string[] first = Cells(Assert.Single(lines, line => line.Contains(Good.Address, StringComparison.Ordinal)));
        Assert.Equal(["10.0.0.2:7117", "feedface", "alive", "1234", "3.00", "MiB", "1.00", "MiB", "2.5", "ms", "100", "MiB/s", "yes"], first);
        string[] second = Cells(lines.First(line => line.Contains(banned.Address, StringComparison.Ordinal)));
        Assert.Equal(["-", "-", "no"], second[^3..]);
        Assert.Equal("[fd00::3]:7117: sent wrong bytes; for 60 s more", lines[^1]);
    }

    [Fact]
    public void Print_Trackers_SayWhatTheySaidAndWhenNext()
    {
        string[] lines = Lines(new PeersReport(Sum, [], [new("http://t/announce", null, 1, 90, 3), new("http://u/announce", "not authorized", null, 30, 0)]));
        Assert.StartsWith("tracker http://t/announce: 3 peers; next in ", lines[1], StringComparison.Ordinal);
        Assert.Equal("tracker http://u/announce: not authorized; next in 30.0 s", lines[2]);
    }

    private static string[] Lines(PeersReport report)
    {
        using StringWriter output = new();
        PeersCommand.Print(report, output);
        return [.. output.ToString().Split('\n').Select(line => line.TrimEnd()).Where(line => line.Length > 0)];
    }

    private static string[] Cells(string line) => line.Split([' ', '│'], StringSplitOptions.RemoveEmptyEntries);
}
