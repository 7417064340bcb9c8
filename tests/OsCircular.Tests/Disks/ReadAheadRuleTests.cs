using CsCheck;
using OsCircular.Blocks;
using OsCircular.Disks;

namespace OsCircular.Tests.Disks;

public sealed class ReadAheadRuleTests
{
    private const int Block = BlockGeometry.DefaultBlockSize;
    private const int Window = 16;

    private static readonly BlockGeometry Disk = new(4096L * Block, Block);

    private readonly ReadStream[] _streams = new ReadStream[ReadAheadRule.Streams];
    private long _number;

    [Fact]
    public void Note_FirstRead_PlansNothing() => Assert.True(Note(7 * Block, 1 << 20).IsEmpty);

    /// <summary>Reads of one size in order: what is read ahead after each, as blocks from the next on.</summary>
    [Theory]
    [InlineData(4096, "0 0 0 0 0 0 0 0")]
    [InlineData(65536, "0 1 0 1 1 0 0 2")]
    [InlineData(Block, "0 4 3 0 6 0 0 9")]
    [InlineData(1 << 20, "0 16 0 8 0 8 0 8")]
    public void Note_ReadsInOrder_WindowGrowsWithTheRun(int length, string expected)
    {
        List<long> planned = [];
        for (int i = 0; i < 8; i++) planned.Add(Perform(Note((long)i * length, length)));
        Assert.Equal(expected, string.Join(' ', planned));
    }

    [Fact]
    public void Note_ShortRun_KeepsOffTheNetwork()
    {
        for (int i = 0; i < 7; i++)
        {
            ReadAheadPlan plan = Note((long)i * Block, Block);
            Assert.True(plan.IsEmpty || plan.NetworkTo <= i + 1, $"read {i}: {plan}");
        }
    }

    [Fact]
    public void Note_LongRun_FetchesAtMostAQuarterOfIt()
    {
        long most = 0;
        for (int i = 0; i < 200; i++)
        {
            ReadAheadPlan plan = Note((long)i * Block, Block);
            long run = i + 1;
            long fetched = plan.IsEmpty ? 0 : plan.NetworkTo - run;
            Assert.True(fetched <= run / 4);
            most = Math.Max(most, fetched);
        }

        Assert.Equal(Window, most);
    }

    [Fact]
    public void Note_RandomReads_PlanNothing()
    {
        var random = new Random(1);
        for (int i = 0; i < 10_000; i++)
            Assert.True(Note(random.NextInt64(Disk.DiskSize / 4096) * 4096, 4096) is { IsEmpty: true } || _streams.Any(stream => stream.Reads > 1));
        Assert.True(_streams.Max(stream => stream.Reads) <= 2);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(ReadAheadRule.Streams)]
    public void Note_InterleavedStreams_EachHasItsWindow(int count)
    {
        for (int i = 0; i < 8; i++)
            for (int stream = 0; stream < count; stream++) Note(stream * 400L * Block + (long)i * (1 << 20), 1 << 20);
        Assert.Equal(count, _streams.Count(stream => stream.Reads == 8));
    }

    [Fact]
    public void Note_ReadsThatOvertakeEachOther_StayOneStream()
    {
        int[] order = [0, 1, 2, 4, 3, 5, 7, 6, 8, 10, 9, 11];
        foreach (int i in order) Note((long)i * (1 << 20), 1 << 20);
        ReadStream stream = Assert.Single(_streams, stream => stream.Reads > 0);
        Assert.Equal(12L << 20, stream.Next);
        Assert.Equal(order.Length, stream.Reads);
    }

    [Fact]
    public void Note_Anything_StaysInsideTheDiskAndTheWindow() => Gen.Int[0, 4096].Array[1, 200].Sample(steps =>
    {
        var streams = new ReadStream[ReadAheadRule.Streams];
        long at = 0;
        for (int i = 0; i < steps.Length; i++)
        {
            at = steps[i] % 3 == 0 ? steps[i] * (Disk.DiskSize / 4097) : at;
            int length = (int)Math.Min(1 << 20, Disk.DiskSize - at);
            if (length <= 0) continue;
            ReadAheadPlan plan = ReadAheadRule.Note(streams, at, length, i + 1, Disk, Window);
            at += length;
            if (plan.IsEmpty) continue;
            Assert.InRange(plan.LocalTo, plan.From + 1, Disk.BlockCount);
            Assert.True(plan.NetworkTo <= plan.LocalTo);
            Assert.True(plan.LocalTo - plan.From <= Window);
            streams[plan.Stream].AheadTo = plan.LocalTo;
        }
    });

    private ReadAheadPlan Note(long offset, int length) => ReadAheadRule.Note(_streams, offset, length, ++_number, Disk, Window);

    private long Perform(ReadAheadPlan plan)
    {
        if (plan.IsEmpty) return 0;
        _streams[plan.Stream].AheadTo = plan.LocalTo;
        return plan.LocalTo - plan.From;
    }
}
