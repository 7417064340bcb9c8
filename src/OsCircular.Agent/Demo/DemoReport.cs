using OsCircular.Agent.Configuration;
using OsCircular.Agent.Control;
using OsCircular.Agent.Output;
using Spectre.Console;

namespace OsCircular.Agent.Demo;

/// <summary>One reading of a whole disk: what was read, how fast, and where its blocks came from.</summary>
public sealed record DemoReading(string What, long Bytes, double Seconds, bool DigestIsRight, long CacheBlocks, long CacheBytes, long MirrorBlocks, long MirrorBytes);

/// <summary>What the demo found; what <c>demo --json</c> prints. Sizes in bytes.</summary>
public sealed record DemoReport
{
    public required string Kind { get; init; }
    public required long DiskSize { get; init; }
    public required long ImageStoredBytes { get; init; }
    public required double PublishSeconds { get; init; }
    public required long UpdateBytes { get; init; }
    public required double UpdateSeconds { get; init; }
    public required IReadOnlyList<DemoReading> Readings { get; init; }
    public bool Succeeded => Readings.All(reading => reading.DigestIsRight);

    public void Print()
    {
        Table table = Tables.New(1, 6, "read through the kernel", "disk", "time", "rate", "from mirrors", "from cache", "digest");
        foreach (DemoReading reading in Readings)
        {
            table.AddRow(
                reading.What,
                Units.FormatSize(reading.Bytes),
                Units.FormatTime(TimeSpan.FromSeconds(reading.Seconds)),
                $"{Units.FormatSize((long)(reading.Bytes / reading.Seconds))}/s",
                Amount(reading.MirrorBlocks, reading.MirrorBytes),
                Amount(reading.CacheBlocks, reading.CacheBytes),
                reading.DigestIsRight ? "right" : "WRONG");
        }

        Tables.Write(table);
        double share = 100.0 * UpdateBytes / ImageStoredBytes;
        Console.Out.WriteLine($"The image: {Kind}, {Units.FormatSize(DiskSize)}, stored in {Units.FormatSize(ImageStoredBytes)}, published in {Units.FormatTime(TimeSpan.FromSeconds(PublishSeconds))}.");
        Console.Out.WriteLine($"The update: {Units.FormatSize(UpdateBytes)} to publish and to fetch, index included: {share:0.0} % of the image.");
    }

    /// <summary>What came from where between two looks at the agent.</summary>
    internal static DemoReading Reading(string what, long bytes, TimeSpan time, bool digestIsRight, StatusReport before, StatusReport after)
    {
        (long cacheBlocks, long cacheBytes) = Since("cache");
        (long mirrorBlocks, long mirrorBytes) = Since("mirrors");
        return new DemoReading(what, bytes, time.TotalSeconds, digestIsRight, cacheBlocks, cacheBytes, mirrorBlocks, mirrorBytes);

        (long, long) Since(string name)
        {
            SourceReport from = before.Sources.First(source => source.Name == name);
            SourceReport to = after.Sources.First(source => source.Name == name);
            return (to.Count - from.Count, to.Bytes - from.Bytes);
        }
    }

    private static string Amount(long blocks, long bytes) => blocks == 0 ? "-" : $"{Units.FormatSize(bytes)}";
}
