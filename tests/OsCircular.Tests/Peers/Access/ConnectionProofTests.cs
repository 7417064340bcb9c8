using OsCircular.Peers.Access;
using static OsCircular.Tests.Peers.Access.ProofSamples;

namespace OsCircular.Tests.Peers.Access;

public sealed class ConnectionProofTests
{
    private readonly ConnectionProof _proof = new(Key);

    [Fact]
    public void TryProve_BeforeTheNonceIsKnown_ProvesNothing() => Assert.False(_proof.TryProve(Request, Listener, out _));

    [Fact]
    public void TryProve_WithGivenNonces_IsTheGoldenProof()
    {
        Assert.True(_proof.Learn(Connection.ToString()));
        Assert.True(_proof.TryProve(Request, Listener, Asker, out RequestProof? proof));
        Assert.Equal("1:3f473a8e50b8f7bd3738f34fa197a9a8bf688955d34c808d73d826980da070d4", proof.Proof);
        Assert.Equal("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff", proof.Nonce);
    }

    [Fact]
    public void TryProve_ManyRequests_AllPassAGateInTheirOrder()
    {
        var gate = new ConnectionGate(Key);
        Assert.True(_proof.Learn(gate.Nonce.ToString()));
        var nonces = new HashSet<string>();
        for (int i = 0; i < 100; i++)
        {
            Assert.True(_proof.TryProve(Request, Listener, out RequestProof? proof));
            Assert.Equal(ProofVerdict.Accepted, gate.Accept(proof, Request));
            Assert.True(nonces.Add(proof.Nonce));
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("0001")]
    [InlineData("000102030405060708090A0B0C0D0E0F")]
    public void Learn_NoNonce_LearnsNothing(string? nonce)
    {
        Assert.False(_proof.Learn(nonce));
        Assert.False(_proof.TryProve(Request, Listener, out _));
    }

    [Fact]
    public void Learn_SameNonceAgain_SaysSoAndGoesOnCounting()
    {
        _proof.Learn(Connection.ToString());
        Assert.True(_proof.TryProve(Request, Listener, out _));
        Assert.False(_proof.Learn(Connection.ToString()));
        Assert.True(_proof.TryProve(Request, Listener, out RequestProof? second));
        Assert.StartsWith("2:", second.Proof, StringComparison.Ordinal);
    }

    [Fact]
    public void TryProve_FieldWithALineFeed_IsAMistakeOfTheCaller()
    {
        _proof.Learn(Connection.ToString());
        Assert.Throws<ArgumentException>(() => _proof.TryProve(Request with { Hello = "a\nb" }, Listener, out _));
    }
}
