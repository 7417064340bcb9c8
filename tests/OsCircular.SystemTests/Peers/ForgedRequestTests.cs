using System.Text;
using OsCircular.Peers;
using OsCircular.SystemTests.TestKit;
using OsCircular.TestKit.Labs;
using OsCircular.TestKit.Peers;

namespace OsCircular.SystemTests.Peers;

/// <summary>Requests that no member sends, to a real agent: refused, and it goes on.</summary>
[Collection(LabCollection.Name)]
public sealed class ForgedRequestTests
{
    private const int Port = 7117;

    private static readonly string[] Malformed =
    [
        "GET /blocks/../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /../../../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /blocks/%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /blocks/..%2f..%2fetc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET //etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET http://x/etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /agent/trust.json HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST /peers HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
        "CONNECT 10.88.0.1:8080 HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /peers\r\n\r\n",
        "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003\r\n\r\n",
        "GET /peers HTTP/1.1\r\nHost: x\r\nOscircular-Hello: 1 id=zz\r\n\r\n",
        "GET /summary?since=%00%00 HTTP/1.1\r\nHost: x\r\n\r\n",
    ];

    [Fact(Timeout = 60_000)]
    public async Task Request_WithoutTheKey_IsRefused()
    {
        await using LabGroup group = await LabGroup.CreateAsync(2, blocks: 16);
        var key = new GroupKey(group);
        LabAgent agent = await group.StartAsync(1, key.Options);
        await group.AssertReadsAllAsync(agent);
        string held = BlockPathOf(group);

        using RawConnection connection = await OpenAsync(group, 2, 1);
        foreach (string target in (string[])["/peers", "/summary", held, "/head.minisig"])
        {
            RawAnswer answer = await connection.AskAsync("GET", target, key.Member.Headers);
            Assert.Equal(401, answer.Status);
            Assert.NotNull(answer.Header(PeerHeaders.Nonce));
        }

        var stranger = new GroupMember(LabGroup.GroupName, "some other key that is long enough"u8.ToArray());
        string nonce = (await connection.AskAsync("GET", "/peers")).Header(PeerHeaders.Nonce)!;
        Assert.Equal(401, (await connection.AskAsync("GET", "/peers", stranger.Prove(agent.Host, Port, nonce, 1, "/peers"))).Status);
        await AssertServesAsync(group, key, agent);
    }

    [Fact(Timeout = 60_000)]
    public async Task Request_Replayed_IsRefused()
    {
        await using LabGroup group = await LabGroup.CreateAsync(2, blocks: 16);
        var key = new GroupKey(group);
        LabAgent agent = await group.StartAsync(1, key.Options);

        using RawConnection connection = await OpenAsync(group, 2, 1);
        (string, string)[] proven = key.Member.Prove(agent.Host, Port, await NonceAsync(connection), 5, "/peers");
        Assert.Equal(200, (await connection.AskAsync("GET", "/peers", proven)).Status);
        Assert.Equal(401, (await connection.AskAsync("GET", "/peers", proven)).Status);

        using RawConnection again = await OpenAsync(group, 2, 1);
        await NonceAsync(again);
        Assert.Equal(401, (await again.AskAsync("GET", "/peers", proven)).Status);
        await AssertServesAsync(group, key, agent);
    }

    [Fact(Timeout = 60_000)]
    public async Task Request_MeantForAnotherMember_IsRefused()
    {
        await using LabGroup group = await LabGroup.CreateAsync(3, blocks: 16);
        var key = new GroupKey(group);
        LabAgent agent = await group.StartAsync(1, key.Options);

        // A member that is asked for its nonce gives host 1's, and hands on what it gets.
        using RawConnection connection = await OpenAsync(group, 2, 1);
        (string, string)[] forTheOther = key.Member.Prove(group.Lab.Host(2), Port, await NonceAsync(connection), 1, "/peers");
        Assert.Equal(401, (await connection.AskAsync("GET", "/peers", forTheOther)).Status);
        await AssertServesAsync(group, key, agent);
    }

    [Fact(Timeout = 60_000)]
    public async Task Request_Malformed_IsRefused()
    {
        await using LabGroup group = await LabGroup.CreateAsync(2, blocks: 16);
        LabAgent agent = await group.StartAsync(1);
        foreach (string text in Malformed)
        {
            RawAnswer? answer = await RefusalAsync(group, text);
            Assert.DoesNotContain("root:", Encoding.Latin1.GetString(answer?.Body ?? []), StringComparison.Ordinal);
        }

        await group.AssertReadsAllAsync(agent);
        await AssertServesAsync(group, null, agent);
    }

    [Fact(Timeout = 60_000)]
    public async Task Request_Oversized_IsRefused()
    {
        await using LabGroup group = await LabGroup.CreateAsync(2, blocks: 16);
        LabAgent agent = await group.StartAsync(1);
        string much = new('a', 1 << 20);
        await RefusalAsync(group, $"GET /{much} HTTP/1.1\r\n\r\n");
        await RefusalAsync(group, $"GET /peers HTTP/1.1\r\nHost: {much}\r\n\r\n");
        await RefusalAsync(group, "GET /peers HTTP/1.1\r\n" + string.Concat(Enumerable.Repeat("A: b\r\n", 100_000)));
        await AssertServesAsync(group, null, agent);
    }

    [Fact(Timeout = 60_000)]
    public async Task Request_FromAnotherSubnetWithoutAKey_IsRefused()
    {
        await using LabGroup group = await LabGroup.CreateAsync(2, blocks: 16);
        LabAgent agent = await group.StartAsync(1);
        using RawConnection connection = await RawConnection.OpenAsync(group.Lab.Mirror, agent.Host, Port);
        Assert.Equal(403, (await connection.AskAsync("GET", "/peers", new GroupMember(LabGroup.GroupName, null).Headers)).Status);
        await AssertServesAsync(group, null, agent);
    }

    // An error of the asker's, or no answer at all.
    private static async Task<RawAnswer?> RefusalAsync(LabGroup group, string text)
    {
        using RawConnection connection = await OpenAsync(group, 2, 1);
        RawAnswer? answer = await connection.AskRawAsync(text);
        Assert.True(answer is null or { Status: >= 400 and < 500 }, $"answered with {answer?.Status}: {text[..Math.Min(80, text.Length)]}");
        return answer;
    }

    // The agent is well: it answers who does it right, and knows the group by the id that this test computes for itself.
    private static async Task AssertServesAsync(LabGroup group, GroupKey? key, LabAgent agent)
    {
        GroupMember member = key?.Member ?? new GroupMember(LabGroup.GroupName, null);
        using RawConnection connection = await OpenAsync(group, 2, 1);
        (string, string)[] headers = key is null ? member.Headers : member.Prove(agent.Host, Port, await NonceAsync(connection), 1, "/peers");
        RawAnswer answer = await connection.AskAsync("GET", "/peers", headers);
        Assert.Equal(200, answer.Status);
        Assert.Contains("\"format\":1", Encoding.UTF8.GetString(answer.Body), StringComparison.Ordinal);
    }

    private static async Task<string> NonceAsync(RawConnection connection) => (await connection.AskAsync("GET", "/peers")).Header(PeerHeaders.Nonce)!;

    private static Task<RawConnection> OpenAsync(LabGroup group, int from, int to) => RawConnection.OpenAsync(group.Lab.Host(from), group.Lab.Host(to), Port);

    private static string BlockPathOf(LabGroup group) => "/" + Path.GetRelativePath(group.Small.Repository.Folder, group.Small.Repository.BlockFiles()[0]);
}
