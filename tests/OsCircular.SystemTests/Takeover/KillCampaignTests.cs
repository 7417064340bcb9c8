using System.Text.Json;
using OsCircular.TestKit;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.Takeover;

public sealed class KillCampaignTests
{
    private const int Kills = 20;

    /// <summary>The campaign of bench/scenarios/kills.sh, short: 1,000 kills are for a run by hand.</summary>
    [Fact(Timeout = 180_000)]
    public async Task Campaign_TwentyKills_NoWrongByteAndNoError()
    {
        ProcessResult result = await TestProcess.RunAsync(SourceTree.PathOf("bench/scenarios/kills.sh"), ["--kills", $"{Kills}", "--seed", "1"], TimeSpan.FromMinutes(3));

        Assert.True(result.ExitCode == 0, result.ToString());
        JsonElement found = JsonDocument.Parse(result.Output).RootElement;
        Assert.Equal(Kills + 1, found.GetProperty("kills").GetInt32());
        Assert.True(found.GetProperty("generation").GetInt32() > Kills / 2, result.Output);
        Assert.All(found.GetProperty("readers").EnumerateObject(), reader => Assert.True(reader.Value.GetProperty("reads").GetInt64() > 0, reader.Name));
    }
}
