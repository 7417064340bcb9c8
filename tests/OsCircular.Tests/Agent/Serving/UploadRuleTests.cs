using CsCheck;
using OsCircular.Agent.Serving;
using OsCircular.Sources;

namespace OsCircular.Tests.Agent.Serving;

public sealed class UploadRuleTests
{
    [Theory]
    [InlineData(FetchClass.Fill, 64, 32)]
    [InlineData(FetchClass.Profile, 64, 48)]
    [InlineData(FetchClass.Reader, 64, 64)]
    [InlineData(FetchClass.Fill, 1, 1)]
    [InlineData(FetchClass.Profile, 1, 1)]
    [InlineData(FetchClass.Fill, 3, 2)]
    [InlineData(FetchClass.Profile, 3, 3)]
    public void MayStart_Alone_FillsUpToItsShare(FetchClass fetchClass, int places, int expected)
    {
        int running = 0;
        while (UploadRule.MayStart(fetchClass, running, places)) running++;
        Assert.Equal(expected, running);
    }

    [Fact]
    public void MostWait_FillingUsedUpItsShare_AReaderStillFindsRoom()
    {
        TimeSpan most = TimeSpan.FromMilliseconds(250);
        Assert.Equal(most, UploadRule.MostWait(FetchClass.Reader, most));
        Assert.True(UploadRule.MostWait(FetchClass.Fill, most) < UploadRule.MostWait(FetchClass.Profile, most));
        Assert.True(UploadRule.MostWait(FetchClass.Profile, most) < most);
    }

    [Fact]
    public void MayStart_AnyNumbers_IsNeverHarderForAMoreUrgentClass() => Gen.Select(Gen.Int[0, 65536], Gen.Int[1, 65536]).Sample((running, places) =>
        (!UploadRule.MayStart(FetchClass.Fill, running, places) || UploadRule.MayStart(FetchClass.Profile, running, places))
        && (!UploadRule.MayStart(FetchClass.Profile, running, places) || UploadRule.MayStart(FetchClass.Reader, running, places))
        && UploadRule.MayStart(FetchClass.Reader, running, places) == running < places);
}
