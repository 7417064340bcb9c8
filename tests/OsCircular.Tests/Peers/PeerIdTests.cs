using OsCircular.Peers;

namespace OsCircular.Tests.Peers;

public sealed class PeerIdTests
{
    [Fact]
    public void Derive_Golden_IsAsBefore() =>
        Assert.Equal("e9b677021f1c7ddc3e48c948c662860c381fee53", PeerId.Derive("boot", "net:[4026531840]", "2049:77").ToString());

    [Fact]
    public void Derive_AnyPartDiffers_IsAnother()
    {
        PeerId[] ids =
        [
            PeerId.Derive("boot", "net", "cache"), PeerId.Derive("boot2", "net", "cache"), PeerId.Derive("boot", "net2", "cache"), PeerId.Derive("boot", "net", "cache2"),
            PeerId.Derive("bootnet", "", "cache"),
        ];
        Assert.Equal(ids.Length, ids.Distinct().Count());
    }

    [Fact]
    public void TryParse_ItsText_IsItself()
    {
        PeerId id = PeerId.Derive("boot", "net", "cache");
        Assert.True(PeerId.TryParse(id.ToString(), out PeerId read));
        Assert.Equal(id, read);
        Assert.Equal(0, id.CompareTo(read));
        Assert.Equal(id.GetHashCode(), read.GetHashCode());
        Assert.Equal(PeerId.TextLength, id.ToString().Length);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("E9B677021F1C7DDC3E48C948C662860C381FEE53")]
    [InlineData("e9b677021f1c7ddc3e48c948c662860c381fee5")]
    [InlineData("e9b677021f1c7ddc3e48c948c662860c381fee533")]
    public void TryParse_NoId_IsRefused(string? text) => Assert.False(PeerId.TryParse(text, out _));
}
