using System.Text;
using CsCheck;
using OsCircular.Blocks;
using OsCircular.Cache.Repair;

namespace OsCircular.Tests.Cache.Repair;

/// <summary>Where the golden line changes, the format's version must change with it.</summary>
public sealed class ScrubPlaceTests
{
    private const string Golden = "oscircular-scrub:1 2026-11-25T13:05:53Z 000102030405060708090a0b0c0d0e0f10111213 files:12 bytes:3456789 damaged:1\n";

    private static readonly BlockName Name = new([.. Enumerable.Range(0, BlockName.Size).Select(i => (byte)i)]);
    private static readonly ScrubPlace Place = new(new DateTimeOffset(2026, 11, 25, 13, 5, 53, TimeSpan.Zero), Name, IsDone: false, 12, 3_456_789, 1);

    [Fact]
    public void ToBytes_IsTheGoldenLine() => Assert.Equal(Golden, Encoding.ASCII.GetString(Place.ToBytes()));

    [Fact]
    public void TryParse_GoldenLine_IsRead()
    {
        Assert.True(ScrubPlace.TryParse(Encoding.ASCII.GetBytes(Golden), out ScrubPlace? place));
        Assert.Equal(Place, place);
    }

    public static TheoryData<bool> Ends => [true, false];

    [Theory]
    [MemberData(nameof(Ends))]
    public void TryParse_BegunAndDone_ComeBack(bool done)
    {
        ScrubPlace place = Place with { At = null, IsDone = done };
        Assert.True(ScrubPlace.TryParse(place.ToBytes(), out ScrubPlace? read));
        Assert.Equal(place, read);
    }

    [Theory]
    [InlineData("oscircular-scrub:2 ")]
    [InlineData("oscircular-scrub:1 2026-11-25 begun files:1 bytes:1 damaged:0\n")]
    [InlineData("oscircular-scrub:1 2026-11-25T13:05:53Z nowhere files:1 bytes:1 damaged:0\n")]
    [InlineData("oscircular-scrub:1 2026-11-25T13:05:53Z begun files:-1 bytes:1 damaged:0\n")]
    [InlineData("oscircular-scrub:1 2026-11-25T13:05:53Z begun files:1 bytes:1 damaged:0")]
    [InlineData("")]
    public void TryParse_AnythingElse_IsRefused(string text) => Assert.False(ScrubPlace.TryParse(Encoding.ASCII.GetBytes(text), out _));

    [Fact]
    public void TryParse_AnyBytes_NeverThrows() => Gen.Select(Gen.Int[0, Golden.Length - 1], Gen.Byte.Array[0, 5]).Sample(
        mutation =>
        {
            byte[] bytes = [.. Encoding.ASCII.GetBytes(Golden)[..mutation.Item1], .. mutation.Item2, .. Encoding.ASCII.GetBytes(Golden)[mutation.Item1..]];
            if (ScrubPlace.TryParse(bytes, out ScrubPlace? place)) Assert.True(ScrubPlace.TryParse(place!.ToBytes(), out _));
        },
        time: 1);
}
