using CsCheck;
using OsCircular.Peers.Access;
using static OsCircular.Tests.Peers.Access.ProofSamples;

namespace OsCircular.Tests.Peers.Access;

public sealed class AnswerProofTests
{
    private const string Golden = "2c39dd4f2d228344e7285217e9e90cab42305fa23861639197667f927b164148";
    private static readonly byte[] Body = """{"format":1,"peers":[]}"""u8.ToArray();
    private static readonly ProofContext Context = new(Asker, Connection, 1);

    [Fact]
    public void Make_GivenValues_IsTheGoldenProof() => Assert.Equal(Golden, AnswerProof.Make(Key, Context, "/peers", Hello, Body));

    [Fact]
    public void Verify_GoldenProof_IsRight() => Assert.True(AnswerProof.Verify(Key, Context, "/peers", Hello, Body, Golden));

    [Fact]
    public void Verify_AnythingElse_IsWrong()
    {
        Assert.False(AnswerProof.Verify(GroupKey.Of("another key of another group"u8, "key"), Context, "/peers", Hello, Body, Golden));
        Assert.False(AnswerProof.Verify(Key, Context with { Counter = 2 }, "/peers", Hello, Body, Golden));
        Assert.False(AnswerProof.Verify(Key, Context with { Asker = Connection }, "/peers", Hello, Body, Golden));
        Assert.False(AnswerProof.Verify(Key, Context with { Connection = Asker }, "/peers", Hello, Body, Golden));
        Assert.False(AnswerProof.Verify(Key, Context, "/summary", Hello, Body, Golden));
        Assert.False(AnswerProof.Verify(Key, Context, "/peers", Hello + " x=1", Body, Golden));
        Assert.False(AnswerProof.Verify(Key, Context, "/peers", null, Body, Golden));
        Assert.False(AnswerProof.Verify(Key, Context, "/peers", Hello, Body, null));
        Assert.False(AnswerProof.Verify(Key, Context, "/peers", Hello, Body, ""));
        Assert.False(AnswerProof.Verify(Key, Context, "/peers", Hello, Body, Golden.ToUpperInvariant()));
    }

    [Fact]
    public void Verify_AnyOtherBody_IsWrong() => Gen.Byte.Array[0, 40].Where(other => !other.SequenceEqual(Body)).Sample(other =>
        !AnswerProof.Verify(Key, Context, "/peers", Hello, other, Golden));
}
