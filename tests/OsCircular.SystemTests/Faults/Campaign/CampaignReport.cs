using System.Globalization;
using System.Text;

namespace OsCircular.SystemTests.Faults.Campaign;

/// <summary>What a campaign did, and what readers saw of it.</summary>
/// <param name="Plan">The faults.</param>
/// <param name="Readers">The readers.</param>
/// <param name="Lives">How often an agent was started.</param>
/// <param name="Kills">How many of them were ended by SIGKILL.</param>
/// <param name="Damaged">Files that agents found damaged and set aside.</param>
/// <param name="Healed">Damaged files that were stored anew in the same life.</param>
/// <param name="Files">Block files that the image needs.</param>
/// <param name="Bad">Those that are missing or damaged in the cache at the end.</param>
/// <param name="Elapsed">How long it took.</param>
internal sealed record CampaignReport(
    FaultPlan Plan, VerifyingReaders Readers, long Lives, long Kills, long Damaged, long Healed, int Files, int Bad, TimeSpan Elapsed)
{
    public override string ToString()
    {
        var text = new StringBuilder();
        Line($"{Plan.Total} faults in {Elapsed.TotalSeconds:F0} s, {Lives} lives of the agent, {Kills} ended by SIGKILL");
        foreach (FaultKind kind in Enum.GetValues<FaultKind>()) Line($"  {kind,-20}{Plan[kind],8}");
        Line($"{Readers.Reads} reads of {Readers.Bytes >> 20} MiB, the longest {Readers.Longest.TotalSeconds:F2} s");
        Line($"reads with wrong bytes {Readers.Wrong}; reads that failed {Readers.Errors}");
        Line($"{Damaged} files found damaged by agents, {Healed} healed in the same life; at the end {Bad} of {Files} block files missing or damaged");
        return text.ToString();

        void Line(FormattableString line) => text.AppendLine(line.ToString(CultureInfo.InvariantCulture));
    }
}
