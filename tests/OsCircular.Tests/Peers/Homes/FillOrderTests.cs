using CsCheck;
using OsCircular.Peers;
using OsCircular.Peers.Homes;

namespace OsCircular.Tests.Peers.Homes;

public sealed class FillOrderTests
{
    [Fact]
    public void At_AllSteps_TakesEachBlockOnce() =>
        Gen.Select(Ids, Gen.Long[1, 2000]).Sample(
            (id, count) =>
            {
                long[] taken = [.. Steps(count).Select(step => FillOrder.At(id, count, step)).Order()];
                Assert.Equal(Steps(count), taken);
            },
            time: 1,
            threads: 1);

    [Fact]
    public void Start_ManyHosts_IsSpreadEvenly()
    {
        const int Hosts = 4000;
        const int Parts = 8;
        int[] starts = new int[Parts];
        foreach (long start in Enumerable.Range(0, Hosts).Select(host => FillOrder.Start(PeerId.Derive("boot", "net", $"{host}"), 1_000_000))) starts[start * Parts / 1_000_000]++;
        Assert.All(starts, count => Assert.InRange(count, Hosts / Parts * 0.8, Hosts / Parts * 1.2));
    }

    [Fact]
    public void Start_GreatestAndLeastId_IsWithinTheBlocks()
    {
        Assert.Equal(0, FillOrder.Start(new PeerId(new byte[PeerId.Size]), long.MaxValue));
        Assert.Equal(long.MaxValue - 1, FillOrder.Start(new PeerId(Enumerable.Repeat((byte)0xFF, PeerId.Size).ToArray()), long.MaxValue));
        Assert.Throws<ArgumentOutOfRangeException>(() => FillOrder.Start(default, 0));
    }

    private static readonly Gen<PeerId> Ids = Gen.Byte.Array[PeerId.Size].Select(bytes => new PeerId(bytes));

    private static IEnumerable<long> Steps(long count) => Enumerable.Range(0, (int)count).Select(step => (long)step);
}
