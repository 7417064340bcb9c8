using System.Text;
using OsCircular.Blocks;
using OsCircular.Cache;

namespace OsCircular.Tests.Cache;

/// <summary>Where one of the golden values changes, the format's version must change with it.</summary>
public sealed class CatalogFormatTests
{
    private const string GoldenPage =
        "4f434350" + "0100" + "0200"
        + "000102030405060708090a0b0c0d0e0f10111213" + "905f0100" + "78563412" + "21" + "02" + "efcdab8967452301"
        + "0000000000000000000000000000000000000000" + "00000000" + "00000000" + "00" + "00" + "0000000000000000";

    private static readonly CatalogRow Row = new(
        new BlockName([.. Enumerable.Range(0, BlockName.Size).Select(i => (byte)i)]), 90_000, 0x12345678, 0x21, SourceKind.Peer, 0x0123456789abcdef);

    [Fact]
    public void Page_Written_IsTheGoldenBytes()
    {
        byte[] page = new byte[CatalogPage.SizeOf(2)];
        CatalogPage.WriteHeader(page, 2);
        CatalogPage.WriteRow(page, 0, Row);
        Assert.Equal(GoldenPage, Convert.ToHexStringLower(page));
    }

    [Fact]
    public void Page_GoldenBytes_AreRead()
    {
        byte[] page = Convert.FromHexString(GoldenPage);
        Assert.True(CatalogPage.TryReadHeader(page, out int rows));
        Assert.Equal(2, rows);
        Assert.True(CatalogPage.TryReadRow(page, 0, out CatalogRow row));
        Assert.Equal(Row, row);
        Assert.False(CatalogPage.TryReadRow(page, 1, out _));
    }

    [Theory]
    [InlineData(0, 'X')]
    [InlineData(4, 2)]
    [InlineData(6, 3)]
    public void Page_OtherMagicVersionOrLength_IsRefused(int at, int value)
    {
        byte[] page = Convert.FromHexString(GoldenPage);
        page[at] = (byte)value;
        Assert.False(CatalogPage.TryReadHeader(page, out _));
        Assert.False(CatalogPage.TryReadHeader(page.AsSpan(0, 5), out _));
    }

    [Theory]
    [InlineData(true, "clean")]
    [InlineData(false, "open")]
    public void Marker_WrittenAndRead_IsTheGoldenLine(bool clean, string word)
    {
        CatalogMarker marker = new(clean, Digest.Of("catalogue"u8));
        string line = $"oscircular-catalogue:1 {word} sha256:{Digest.Of("catalogue"u8)}\n";
        Assert.Equal(line, Encoding.ASCII.GetString(marker.ToBytes()));
        Assert.True(CatalogMarker.TryParse(marker.ToBytes(), out CatalogMarker read));
        Assert.Equal(marker, read);
    }

    [Theory]
    [InlineData("")]
    [InlineData("oscircular-catalogue:1 clean sha256:12\n")]
    [InlineData("oscircular-catalogue:2 clean sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n")]
    [InlineData("oscircular-catalogue:1 dirty sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n")]
    [InlineData("oscircular-catalogue:1 clean sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    public void Marker_OfAnotherForm_IsRefused(string text) => Assert.False(CatalogMarker.TryParse(Encoding.ASCII.GetBytes(text), out _));
}
