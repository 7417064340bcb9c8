using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using OsCircular.SystemTests.Peers;
using OsCircular.SystemTests.TestKit;
using OsCircular.TestKit;
using OsCircular.TestKit.Images;
using OsCircular.TestKit.Labs;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.Faults;

/// <summary>
/// Reading, filling, evicting, versions arriving, peers coming and going, for as many minutes as OCT_SOAK_MINUTES says (tests/run soak --minutes 30): no read fails, no byte is wrong,
/// and memory, threads and descriptors stay what they were when all was warm.
/// </summary>
[Collection(LabCollection.Name)]
public sealed class SoakTests
{
    private const string MinutesVariable = "OCT_SOAK_MINUTES";
    private const double DefaultMinutes = 0.75;
    private const int Blocks = 160;

    // Less than the image takes, so that every round evicts; and the least memory, so that the cache is read.
    private static readonly string[] Options = ["--refresh", "2s", "--quota", "16MiB", "--memory", "16MiB"];

    private readonly Random _random = new(1);
    private readonly List<Footprint>[] _samples = [[], []];
    private int _versions = 1;

    [Fact]
    public async Task Agents_UnderEverythingAtOnce_StayFlat()
    {
        TimeSpan length = TimeSpan.FromMinutes(double.TryParse(Environment.GetEnvironmentVariable(MinutesVariable), CultureInfo.InvariantCulture, out double minutes) ? minutes : DefaultMinutes);
        await using LabGroup group = await LabGroup.CreateAsync(3, Blocks, uplinkMbit: 400);
        LabAgent[] staying = await Task.WhenAll(group.StartAsync(1, Options), group.StartAsync(2, Options));
        await LabGroup.WaitUntilMetAsync(staying);
        long began = Stopwatch.GetTimestamp();
        int rounds = 0;
        for (; rounds < 4 || Stopwatch.GetElapsedTime(began) < length; rounds++) await RoundAsync(group, staying, rounds);

        for (int i = 0; i < staying.Length; i++)
        {
            using JsonDocument status = await staying[i].StatusAsync();
            JsonElement reads = status.RootElement.GetProperty("reads");
            Assert.Equal(0, reads.GetProperty("failed").GetInt64());
            Assert.Equal(0, status.RootElement.GetProperty("cache").GetProperty("damaged").GetInt64());
            Assert.True(status.RootElement.GetProperty("cache").GetProperty("evicted").GetInt64() > 0, "nothing was evicted");
            Report(i, rounds);
            AssertFlat(_samples[i]);
        }
    }

    private async Task RoundAsync(LabGroup group, LabAgent[] staying, int round)
    {
        if (round % 4 == 3) await NewVersionAsync(group, staying);
        LabAgent visitor = await group.StartAsync(3, Options);
        Task filling = OsCircularProgram.RunAsync("fill", "small@1", "--cache", staying[1].Cache);
        await Task.WhenAll(
            Disk.AssertSameAsync(ImageOf(group, _versions), staying[0].DiskOf("small", $"{_versions}")),
            Disk.AssertSameAsync(ImageOf(group, 1), staying[1].DiskOf("small", "1")),
            SomeBlocksAsync(group, visitor),
            SomeBlocksAsync(group, staying[0]),
            SomeBlocksAsync(group, staying[1]),
            filling);

        // One leaves as it should, the next as when its power goes.
        if (round % 2 == 0) await visitor.KillAsync();
        await group.LetGoAsync(visitor);
        for (int i = 0; i < staying.Length; i++)
        {
            PageCache.Forget(staying[i].DiskOf("small", "1"));
            PageCache.Forget(staying[i].DiskOf("small", $"{_versions}"));
            using JsonDocument status = await staying[i].StatusAsync();
            _samples[i].Add(Footprint.Of(staying[i].Process.Id, status));
        }
    }

    private async Task SomeBlocksAsync(LabGroup group, LabAgent agent)
    {
        int version = _versions;
        for (int i = 0; i < 10; i++)
        {
            int first;
            lock (_random) first = _random.Next(Blocks - 8);
            await Disk.AssertSameAsync(ImageOf(group, version), agent.DiskOf("small", $"{version}"), first, 8);
        }
    }

    private async Task NewVersionAsync(LabGroup group, LabAgent[] agents)
    {
        if (_versions == 1) File.Copy(group.Small.Image, KeptOf(group, 1));
        SyntheticImage.Change(group.Small.Image, seed: 100 + _versions, [.. Enumerable.Range(0, 12).Select(_ => _random.Next(Blocks))]);
        await group.Small.Repository.PublishAsync(group.Small.Image, "small");
        _versions++;
        File.Copy(group.Small.Image, KeptOf(group, _versions));
        foreach (LabAgent agent in agents)
            await Eventually.IsSoAsync(() => Task.FromResult(Directory.Exists(Path.Combine(agent.Directory, "small", $"{_versions}"))), () => Task.FromResult($"version {_versions} does not arrive"));
    }

    // Each version's image is kept, for all of them are read.
    private string ImageOf(LabGroup group, int version) => _versions == 1 ? group.Small.Image : KeptOf(group, version);

    private static string KeptOf(LabGroup group, int version) => Path.Combine(group.Small.Files, $"version-{version}.raw");

    // The first third is for warming up; then the last third against the one in the middle.
    private static void AssertFlat(List<Footprint> samples)
    {
        int third = samples.Count / 3;
        List<Footprint> middle = samples[third..(2 * third)], last = samples[(2 * third)..];
        Assert.InRange(last.Min(sample => sample.Descriptors), 0, middle.Max(sample => sample.Descriptors) + 16);
        Assert.InRange(last.Min(sample => sample.Threads), 0, middle.Max(sample => sample.Threads) + 4);
        Assert.InRange(last.Min(sample => sample.ResidentBytes), 0, middle.Max(sample => sample.ResidentBytes) + (16L << 20));
    }

    private void Report(int agent, int rounds)
    {
        List<Footprint> samples = _samples[agent];
        for (int i = 0; i < samples.Count; i += Math.Max(1, samples.Count / 12))
            Console.Error.WriteLine($"soak: agent {agent + 1}, round {i + 1} of {rounds}, {_versions} versions: {samples[i].ResidentBytes >> 20} MiB, {samples[i].Threads} threads, {samples[i].Descriptors} descriptors");
        Console.Error.WriteLine($"soak: agent {agent + 1}, round {rounds} of {rounds}: {samples[^1].ResidentBytes >> 20} MiB, {samples[^1].Threads} threads, {samples[^1].Descriptors} descriptors");
    }
}
