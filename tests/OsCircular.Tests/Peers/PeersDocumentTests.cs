using System.Net;
using System.Text;
using System.Text.Json;
using CsCheck;
using Microsoft.Extensions.Time.Testing;
using OsCircular.Peers;

namespace OsCircular.Tests.Peers;

public sealed class PeersDocumentTests : IDisposable
{
    private readonly TestMembers _members = new(new FakeTimeProvider());

    public void Dispose() => _members.Dispose();

    [Fact]
    public void Write_OneMember_IsAsFormatsSays()
    {
        _members.Add(3);
        Assert.Equal($$"""{"format":1,"peers":[{"address":"10.0.0.3:7117","id":"{{TestMembers.Id(3)}}"}]}""", Encoding.ASCII.GetString(Write(0)));
    }

    [Fact]
    public void Write_ThoseOfNoUseToOthers_AreLeftOut()
    {
        _members.Table.Missed(_members.Add(1));
        _members.Add(2).Conduct.NoteWrong("a", again: true);
        _members.Table.Hear(IPEndPoint.Parse("[fe80::1%2]:7117"), TestMembers.Hello(3), out _);
        _members.Table.Hear(IPEndPoint.Parse("[fd00::1]:7117"), TestMembers.Hello(4), out _);
        Assert.Equal([IPEndPoint.Parse("[fd00::1]:7117")], PeersDocument.Read(Write(0)));
    }

    [Fact]
    public void Write_VeryMany_TellsOfAllInSeveralAnswersAndNeverTooMuch()
    {
        for (int i = 1; i <= 300; i++) _members.Add(i);
        HashSet<IPEndPoint> told = [];
        for (double turn = 0; turn < 1; turn += 0.1)
        {
            byte[] body = Write(turn);
            Assert.InRange(body.Length, 1, PeersDocument.MaxLength);
            IReadOnlyList<IPEndPoint> some = PeersDocument.Read(body);
            Assert.Equal(PeersDocument.Most, some.Count);
            told.UnionWith(some);
        }

        Assert.Equal(300, told.Count);
    }

    [Theory]
    [InlineData("")]
    [InlineData("nonsense")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("""{"format":2,"peers":[{"address":"10.0.0.3:7117","id":"x"}]}""")]
    [InlineData("""{"format":1}""")]
    [InlineData("""{"format":1,"peers":null}""")]
    [InlineData("""{"format":1,"peers":[{"address":"10.0.0.3:7117","id":"x"}]""")]
    [InlineData("""{"format":1,"peers":[null,{"address":"10.0.0.3","id":"x"},{"address":"host:7117","id":"x"},{"address":"10.0.0.3:0","id":"x"},{"address":"","id":"x"}]}""")]
    public void Read_NothingOfUse_IsEmpty(string body) => Assert.Empty(PeersDocument.Read(Encoding.ASCII.GetBytes(body)));

    [Fact]
    public void Read_MoreThanAllowed_TakesNoMore()
    {
        string entries = string.Join(',', Enumerable.Range(1, 200).Select(i => $$"""{"address":"10.0.0.{{i}}:7117","id":"x"}"""));
        Assert.Equal(PeersDocument.Most, PeersDocument.Read(Encoding.ASCII.GetBytes($$"""{"format":1,"peers":[{{entries}}]}""")).Count);
        Assert.Empty(PeersDocument.Read(new byte[PeersDocument.MaxLength + 1]));
    }

    [Fact]
    public void Read_MangledBody_NeverThrows() =>
        Gen.Select(Gen.OneOf(Gen.String[0, 40].Select(text => JsonSerializer.Serialize(text)), Gen.Long.Select(number => $"{number}"), Gen.Const("null"), Gen.Const("{}"), Gen.Const("[[[[[[[[[[]]]]]]]]]]")), Gen.Byte.Array[0, 8], Gen.Int[0, 80]).Sample(
            (value, junk, at) =>
            {
                byte[] body = Encoding.UTF8.GetBytes($$"""{"format":1,"peers":[{"address":{{value}},"id":"x"},{"address":"10.0.0.1:1","id":{{value}}}],"more":{{value}}}""");
                Assert.All(PeersDocument.Read(body), address => Assert.NotEqual(0, address.Port));
                byte[] torn = [.. body.AsSpan(0, Math.Min(at, body.Length)), .. junk, .. body.AsSpan(Math.Min(at, body.Length))];
                Assert.All(PeersDocument.Read(torn), address => Assert.NotEqual(0, address.Port));
            },
            time: 2,
            threads: 1);

    private byte[] Write(double turn) => PeersDocument.Write(_members.Table.All, turn);
}
