using OsCircular.Peers;
using OsCircular.SystemTests.Faults;
using OsCircular.TestKit.Labs;
using OsCircular.TestKit.Peers;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.TestKit;

/// <summary>That the peer which is to be survived does what it is to do, as curl sees it.</summary>
[Collection(LabCollection.Name)]
public sealed class MisbehavingPeerTests
{
    private const int TimedOut = 28, Partial = 18, Reset = 56; // exit codes of curl

    [Fact(Timeout = 60_000)]
    public async Task Greeting_IsAnsweredAsAMemberOfTheAskersGroup()
    {
        await using SmallRepository small = await SmallRepository.CreateAsync(blocks: 16);
        await using Lab lab = await Lab.CreateAsync(2);
        await using MisbehavingPeer peer = MisbehavingPeer.Start(lab.Host(2), Misbehaviour.Hangs, small.Repository.Folder, claims: true, fetches: true);
        var member = new GroupMember("lab", null);
        using RawConnection connection = await RawConnection.OpenAsync(lab.Host(1), lab.Host(2), MisbehavingPeer.Port);

        RawAnswer peers = await connection.AskAsync("GET", "/peers", member.Headers), summary = await connection.AskAsync("GET", "/summary", member.Headers);

        Assert.Equal((200, 200), (peers.Status, summary.Status));
        Assert.True(PeerHello.TryParse(summary.Header(PeerHeaders.Hello), out PeerHello? hello));
        Assert.Equal((member.Group, MisbehavingPeer.Port, true), (hello.Group, hello.Port, hello.Fetches));
        Assert.NotEqual(member.Id, hello.Id);
        Assert.NotEmpty(summary.Body);
        Assert.Equal(2, peer.Greetings);
    }

    [Theory(Timeout = 60_000)]
    [InlineData(Misbehaviour.Hangs, TimedOut, "000")]
    [InlineData(Misbehaviour.Resets, Reset, "000")]
    [InlineData(Misbehaviour.Trickles, TimedOut, "200")]
    [InlineData(Misbehaviour.LiesInBytes, 0, "200")]
    [InlineData(Misbehaviour.HoldsNothing, 0, "404")]
    [InlineData(Misbehaviour.DiesMidTransfer, Partial, "200")]
    [InlineData(Misbehaviour.Refuses, 0, "503")]
    [InlineData(Misbehaviour.SendsTooMuch, TimedOut, "200")]
    [InlineData(Misbehaviour.SendsHeadersSlowly, TimedOut, "000")]
    public async Task Block_IsGivenAsBadlyAsPromised(Misbehaviour how, int exit, string status)
    {
        await using SmallRepository small = await SmallRepository.CreateAsync(blocks: 16);
        await using Lab lab = await Lab.CreateAsync(2, lanMbit: 50);
        await using MisbehavingPeer peer = MisbehavingPeer.Start(lab.Host(2), how, small.Repository.Folder, claims: true, fetches: false);
        string block = small.Repository.BlockFiles()[0], got = Path.Combine(small.Files, "got");

        await using TestProcess curl = lab.Host(1).Start("curl", [
            "-s", "-m", "2", "-o", got, "-w", "%{http_code}", $"http://{peer.Address}/{Path.GetRelativePath(small.Repository.Folder, block)}"]);
        ProcessResult result = await curl.WaitForExitAsync(TimeSpan.FromSeconds(20));

        Assert.Equal((exit, status), (result.ExitCode, result.Output.Trim()));
        Assert.Equal(1, peer.BlockRequests);
        byte[] right = await File.ReadAllBytesAsync(block), given = File.Exists(got) ? await File.ReadAllBytesAsync(got) : [];
        Assert.NotEqual(right, given);
        if (how == Misbehaviour.LiesInBytes) Assert.Equal(right.Length, given.Length);
        if (how == Misbehaviour.Trickles) Assert.InRange(given.Length, 1, 3000);
        if (how == Misbehaviour.SendsTooMuch) Assert.True(given.Length > right.Length);
    }
}
