using OsCircular.Peers.Summaries;
using OsCircular.Sources;

namespace OsCircular.Tests.Peers.Summaries;

/// <summary>Where one of the golden values changes, the format's version must change with it.</summary>
public sealed class SummaryFormatTests
{
    private const string Header = "4f43534d" + "01" + "01" + "efcdab8967452301" + "0700000000000000";
    private const string GoldenEmpty = Header + "00000000" + "00000000";
    private const string GoldenFew = Header + "03000000" + "03000000" + "0100" + "3412" + "feca";

    private const string GoldenDelta =
        "4f43534d" + "01" + "02" + "efcdab8967452301" + "0a00000000000000" + "0700000000000000" + "03000000"
        + "8877665544332211" + "00" + "efbeaddeefbeadde" + "01" + "0000000000003412" + "02";

    private static readonly SummaryPosition Position = new(0x0123456789abcdef, 7);

    private static readonly List<HeldChange> Changes =
    [
        new(0x1122334455667788, HeldChangeKind.Added),
        new(0xdeadbeefdeadbeef, HeldChangeKind.AddedFromMirror),
        new(0x1234000000000000, HeldChangeKind.Removed),
    ];

    private readonly PeerSummary _summary = new();
    private readonly List<HeldChange> _applied = [];

    [Fact]
    public void Full_Written_IsTheGoldenBytes()
    {
        Assert.Equal(GoldenEmpty, Convert.ToHexStringLower(SummarySet.Write(Position, [])));
        Assert.Equal(GoldenFew, Convert.ToHexStringLower(SummarySet.Write(Position, [0x0001ffffffffffff, 0x1234000000000000, 0xcafe123456789abc])));
    }

    // 33 keys are too many for one bucket: of two, the first bit says which, and the 16 bits after it are the fingerprint.
    [Fact]
    public void Full_OfTwoBuckets_IsTheGoldenBytes()
    {
        ulong[] keys = [.. Enumerable.Range(0, 33).Select(i => (ulong)i << 58)];
        string fingerprints = string.Concat(keys.Select(key => $"00{(byte)(key >> 55):x2}"));
        Assert.Equal(Header + "21000000" + "20000000" + "21000000" + fingerprints, Convert.ToHexStringLower(SummarySet.Write(Position, keys)));
    }

    [Fact]
    public void Delta_Written_IsTheGoldenBytes() =>
        Assert.Equal(GoldenDelta, Convert.ToHexStringLower(SummaryDelta.Write(7, Position with { Sequence = 10 }, Changes)));

    [Fact]
    public void GoldenBytes_Read_AreWhatIsHeld()
    {
        Apply(GoldenFew);
        Assert.Equal("0123456789abcdef:7", _summary.Position);
        Assert.Equal(3, _summary.Names);
        Assert.True(_summary.MayHold(0x0001ffffffffffff));
        Assert.True(_summary.MayHold(0x1234000000000000));
        Assert.True(_summary.MayHold(0xcafe123456789abc));
        Assert.False(_summary.MayHold(0xdeadbeefdeadbeef));
        Assert.Empty(_applied);

        Apply(GoldenDelta);
        Assert.Equal("0123456789abcdef:10", _summary.Position);
        Assert.Equal(4, _summary.Names);
        Assert.True(_summary.MayHold(0x1122334455667788));
        Assert.True(_summary.MayHold(0xdeadbeefdeadbeef));
        Assert.False(_summary.MayHold(0x1234000000000000));
        Assert.True(_summary.MayHold(0xcafe123456789abc));
        Assert.Equal(Changes, _applied);

        Apply(GoldenEmpty);
        Assert.Equal(0, _summary.Names);
        Assert.False(_summary.MayHold(0xcafe123456789abc));
        Assert.Equal(3, _applied.Count);
    }

    [Theory]
    [InlineData(GoldenFew, 0, 'X', "is no summary")]
    [InlineData(GoldenFew, 4, 0, "has no summary's header")]
    [InlineData(GoldenFew, 4, 2, "newer than this program's 1")]
    [InlineData(GoldenFew, 5, 0, "has no summary's header")]
    [InlineData(GoldenFew, 5, 3, "has no summary's header")]
    [InlineData(GoldenFew, 21, 0x80, "has no summary's header")]
    [InlineData(GoldenFew, 22, 2, "is not as long as its keys")]
    [InlineData(GoldenFew, 22, 4, "is not as long as its keys")]
    [InlineData(GoldenFew, 25, 0xff, "is not as long as its keys")]
    [InlineData(GoldenFew, 26, 2, "out of order or miscounted")]
    [InlineData(GoldenFew, 26, 4, "out of order or miscounted")]
    [InlineData(GoldenFew, 29, 0x80, "out of order or miscounted")]
    [InlineData(GoldenFew, 35, 0, "out of order or miscounted")]
    [InlineData(GoldenFew, 31, 0xff, "out of order or miscounted")]
    [InlineData(GoldenDelta, 6, 0, "is not for what is here")]
    [InlineData(GoldenDelta, 14, 6, "is not for what is here")]
    [InlineData(GoldenDelta, 22, 6, "is not for what is here")]
    [InlineData(GoldenDelta, 29, 0x80, "is not for what is here")]
    [InlineData(GoldenDelta, 30, 2, "is not as long as its changes")]
    [InlineData(GoldenDelta, 33, 0xff, "is not as long as its changes")]
    [InlineData(GoldenDelta, 60, 3, "has a change of no known kind")]
    public void TryApply_OneByteWrong_IsRefusedAndSaysWhy(string golden, int at, int value, string why)
    {
        Apply(GoldenFew);
        byte[] body = Convert.FromHexString(golden);
        body[at] = (byte)value;
        Assert.False(_summary.TryApply(body, _applied, out string? fault));
        Assert.Contains(why, fault);
        Assert.Null(_summary.Position);
        Assert.True(_summary.MayHold(0xcafe123456789abc), "what was here is used until the whole comes");
        Assert.Equal(3, _summary.Names);
        Assert.Empty(_applied);
    }

    [Theory]
    [InlineData(GoldenEmpty)]
    [InlineData(GoldenFew)]
    [InlineData(GoldenDelta)]
    public void TryApply_CutShortOrTrailingBytes_IsRefused(string golden)
    {
        byte[] body = Convert.FromHexString(golden);
        for (int length = 0; length < body.Length; length++)
        {
            Apply(GoldenFew);
            Assert.False(_summary.TryApply(body.AsSpan(0, length), _applied, out _), $"{length} bytes of {body.Length}");
        }

        Apply(GoldenFew);
        Assert.False(_summary.TryApply([.. body, 0], _applied, out _));
        Assert.Empty(_applied);
    }

    [Fact]
    public void TryApply_MoreThanTheBound_IsRefused()
    {
        Assert.False(_summary.TryApply(new byte[PeerSummary.MaxBodyLength + 1], _applied, out string? fault));
        Assert.Contains("more than", fault);
        List<HeldChange> many = [.. Enumerable.Repeat(Changes[0], SummaryDelta.MaxChanges + 1)];
        Apply(GoldenFew);
        Assert.False(_summary.TryApply(SummaryDelta.Write(7, Position, many), _applied, out fault));
        Assert.Equal("is not as long as its changes", fault);
    }

    private void Apply(string golden)
    {
        Assert.True(_summary.TryApply(Convert.FromHexString(golden), _applied, out string? fault), fault);
    }
}
