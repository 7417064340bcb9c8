namespace OsCircular.Indexes;

/// <summary>Makes one profile of several recorded boots: pure.</summary>
public static class ProfileMerge
{
    /// <summary>
    /// Keeps the blocks that recur in more than half of the runs. Those of most runs come first; among those of equally many, the one that comes earlier on the average,
    /// each run being taken as equally long.
    /// </summary>
    /// <param name="runs">Of each, the blocks in the order in which they were first touched, none twice; at most 2^20 of them.</param>
    public static BootProfile Merge(IReadOnlyList<IReadOnlyList<long>> runs)
    {
        Dictionary<long, (int Runs, long Places)> seen = [];
        foreach (IReadOnlyList<long> run in runs)
        {
            for (int i = 0; i < run.Count; i++)
            {
                // In whole numbers, so that the order of the runs makes no difference.
                (int count, long places) = seen.GetValueOrDefault(run[i]);
                seen[run[i]] = (count + 1, places + (((long)i << 32) / run.Count));
            }
        }

        return new BootProfile([
            .. from block in seen
               where 2 * block.Value.Runs > runs.Count
               orderby block.Value.Runs descending, block.Value.Places, block.Key
               select block.Key]);
    }
}
