using System.Net;
using CsCheck;
using OsCircular.Peers.Access;
using static OsCircular.Tests.Peers.Access.ProofSamples;

namespace OsCircular.Tests.Peers.Access;

public sealed class ConnectionGateTests
{
    private readonly ConnectionGate _gate = new(Key, Connection);

    [Fact]
    public void TryAccept_GoldenProof_IsAcceptedAndToldOf()
    {
        const string golden = "1:3f473a8e50b8f7bd3738f34fa197a9a8bf688955d34c808d73d826980da070d4";
        Assert.Equal(golden, Proof(Request).Proof);
        Assert.Equal(ProofVerdict.Accepted, _gate.TryAccept(golden, Asker.ToString(), Request, Listener, out ProofContext context));
        Assert.Equal(new ProofContext(Asker, Connection, 1), context);
    }

    [Fact]
    public void TryAccept_GoldenProofOfAGreeting_IsAccepted()
    {
        const string golden = "9007199254740992:f9eefda47c7fb5708cf8a40c2d8bfa2587845538c22217e023f5fed77b0ed872";
        var listener = new IPEndPoint(IPAddress.Parse("fd00::3"), 7117);
        var request = new PeerRequest("GET", "/summary?since=0011223344556677:9", new string('1', 40), Hello);
        Assert.Equal(ProofVerdict.Accepted, _gate.TryAccept(golden, Asker.ToString(), request, listener, out _));
    }

    [Fact]
    public void TryAccept_ListenerMappedIntoIpv6_IsTheSameListener() =>
        Assert.Equal(ProofVerdict.Accepted, _gate.Accept(Proof(Request), Request, new IPEndPoint(Listener.Address.MapToIPv6(), Listener.Port)));

    [Fact]
    public void TryAccept_NoProof_IsAbsent() => Assert.Equal(ProofVerdict.Absent, _gate.TryAccept(null, Asker.ToString(), Request, Listener, out _));

    [Theory]
    [InlineData("")]
    [InlineData(":")]
    [InlineData("1")]
    [InlineData("0:MAC")]
    [InlineData("01:MAC")]
    [InlineData("+1:MAC")]
    [InlineData("-1:MAC")]
    [InlineData(" 1:MAC")]
    [InlineData("9007199254740993:MAC")]
    [InlineData("99999999999999999999:MAC")]
    public void TryAccept_CounterOfAnotherForm_IsMalformed(string proof) => Assert.Equal(
        ProofVerdict.Malformed, _gate.TryAccept(proof.Replace("MAC", Proof(Request).Proof[2..], StringComparison.Ordinal), Asker.ToString(), Request, Listener, out _));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("f0f1f2f3f4f5f6f7f8f9fafbfcfdfe")]
    [InlineData("F0F1F2F3F4F5F6F7F8F9FAFBFCFDFEFF")]
    public void TryAccept_NonceOfAnotherForm_IsMalformed(string? nonce) =>
        Assert.Equal(ProofVerdict.Malformed, _gate.TryAccept(Proof(Request).Proof, nonce, Request, Listener, out _));

    [Fact]
    public void TryAccept_SameCounterAgain_IsUsed()
    {
        Assert.Equal(ProofVerdict.Accepted, _gate.Accept(Proof(Request), Request));
        Assert.Equal(ProofVerdict.Used, _gate.Accept(Proof(Request), Request));
        Assert.Equal(ProofVerdict.Accepted, _gate.Accept(Proof(Request, 2), Request));
    }

    [Fact]
    public void TryAccept_WrongProofWithAHighCounter_UsesNothingUp()
    {
        var other = GroupKey.Of("another key of another group"u8, "key");
        Assert.Equal(ProofVerdict.Wrong, _gate.Accept(Proof(Request, 1000, other), Request));
        Assert.Equal(ProofVerdict.Accepted, _gate.Accept(Proof(Request), Request));
    }

    [Fact]
    public void TryAccept_ProofOfAnotherConnection_IsWrong()
    {
        RequestProof proof = Proof(Request);
        Assert.Equal(ProofVerdict.Accepted, _gate.Accept(proof, Request));
        Assert.Equal(ProofVerdict.Wrong, new ConnectionGate(Key).Accept(proof, Request));
    }

    [Theory]
    [InlineData("10.77.0.4", 7117)]
    [InlineData("10.77.0.3", 7118)]
    [InlineData("fd00::3", 7117)]
    public void TryAccept_ProofForAnotherListener_IsWrong(string address, int port) =>
        Assert.Equal(ProofVerdict.Wrong, _gate.Accept(Proof(Request), Request, new IPEndPoint(IPAddress.Parse(address), port)));

    [Fact]
    public void TryAccept_AnyFieldOtherThanProven_IsWrong()
    {
        Gen<string> text = Gen.String[Gen.Char[' ', '~'], 0, 20];
        Gen.Select(Gen.Int[0, 6], text).Sample((field, other) =>
        {
            PeerRequest changed = With(Request, field, other);
            var gate = new ConnectionGate(Key, Connection);
            return gate.Accept(Proof(Request), changed) == (changed == Request ? ProofVerdict.Accepted : ProofVerdict.Wrong);
        });
    }

    [Fact]
    public void TryAccept_TextMovedToTheNextField_IsNeverAccepted()
    {
        // What ends one line and begins another in the signed text must not stand in a field.
        PeerRequest joined = Request with { Peer = Request.Peer + "\n" + Request.Hello + "\n" + Request.Fetch, Hello = Request.Length, Fetch = Request.Class, Length = "", Class = "" };
        Assert.NotEqual(ProofVerdict.Accepted, _gate.Accept(Proof(Request), joined));
    }

    [Fact]
    public void TryAccept_AnyCounters_PassOnlyWhereTheyRise() => Gen.Long[1, 20].Array[0, 30].Sample(counters =>
    {
        var gate = new ConnectionGate(Key, Connection);
        long highest = 0;
        foreach (long counter in counters)
        {
            bool rises = counter > highest;
            if (gate.Accept(Proof(Request, counter), Request) != (rises ? ProofVerdict.Accepted : ProofVerdict.Used)) return false;
            highest = Math.Max(highest, counter);
        }

        return true;
    });

    [Fact]
    public void TryAccept_FlippedBitOfTheProof_IsWrong() => Gen.Select(Gen.Int[2, 65], Gen.Char["0123456789abcdef"]).Sample((at, digit) =>
    {
        string right = Proof(Request).Proof;
        string changed = right[..at] + digit + right[(at + 1)..];
        var gate = new ConnectionGate(Key, Connection);
        return gate.TryAccept(changed, Asker.ToString(), Request, Listener, out _) == (changed == right ? ProofVerdict.Accepted : ProofVerdict.Wrong);
    });

    [Fact]
    public async Task TryAccept_ManyAtOnce_LetEachCounterPassOnce()
    {
        RequestProof proof = Proof(Request);
        ProofVerdict[] verdicts = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => Task.Run(() => _gate.Accept(proof, Request))));
        Assert.Equal(1, verdicts.Count(verdict => verdict == ProofVerdict.Accepted));
        Assert.Equal(63, verdicts.Count(verdict => verdict == ProofVerdict.Used));
    }

    [Fact]
    public void TryAccept_AnyText_NeverThrowsAndNeverPasses()
    {
        Gen<string> proof = Gen.OneOf(Gen.String, Gen.String[Gen.Char["0123456789abcdef:"], 0, 90], Gen.Select(Gen.ULong, Gen.String, (counter, mac) => $"{counter}:{mac}"));
        Gen.Select(proof, Gen.String).Sample(
            (given, nonce) => _gate.TryAccept(given, nonce, Request, Listener, out ProofContext context) != ProofVerdict.Accepted && context == default, time: 2);
    }

    private static PeerRequest With(PeerRequest request, int field, string value) => field switch
    {
        0 => request with { Method = value },
        1 => request with { Target = value },
        2 => request with { Peer = value },
        3 => request with { Hello = value },
        4 => request with { Fetch = value },
        5 => request with { Length = value },
        _ => request with { Class = value },
    };
}
