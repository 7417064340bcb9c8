using System.Globalization;

namespace OsCircular.SystemTests.Faults.Campaign;

/// <summary>
/// Wrong bytes given to a reader: none. Errors while one good source exists: none. Damaged blocks healed: all. <c>OCT_FAULTS</c> and <c>OCT_SEED</c> size it;
/// <c>OCT_REPORT</c> names a file for the figures; <c>bench/scenarios/faults.sh</c> sets all three.
/// </summary>
public sealed class FaultCampaignTests
{
    private const int FaultsInCi = 600;

    [Fact(Timeout = 4 * 3600 * 1000)]
    public async Task Reads_WhileEverythingFailsButOneMirror_AreRightAndAllIsHealed()
    {
        long faults = Number("OCT_FAULTS") ?? FaultsInCi;
        int seed = (int)(Number("OCT_SEED") ?? 1);
        await using FaultCampaign campaign = await FaultCampaign.CreateAsync(seed);

        CampaignReport report = await campaign.RunAsync(faults);

        string text = $"seed {seed}: {report}";
        TestContext.Current.TestOutputHelper?.WriteLine(text);
        if (Environment.GetEnvironmentVariable("OCT_REPORT") is { } file) await File.WriteAllTextAsync(file, text, TestContext.Current.CancellationToken);
        Assert.True(report.Readers.Wrong == 0 && report.Readers.Errors == 0, $"{text}{report.Readers.Faults}");
        Assert.Equal(0, report.Bad);
        Assert.All(Enum.GetValues<FaultKind>(), kind => Assert.True(report.Plan[kind] > 0, $"there was no {kind}, so nothing was shown"));
        Assert.True(report.Damaged > 0, text);
    }

    private static long? Number(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { } text ? long.Parse(text, CultureInfo.InvariantCulture) : null;
}
