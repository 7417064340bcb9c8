using CsCheck;
using OsCircular.Peers.Summaries;
using OsCircular.Sources;

namespace OsCircular.Tests.Peers.Summaries;

/// <summary>Whatever a peer sends: it is taken in or refused, in bounded memory, and the next whole summary is taken in again.</summary>
public sealed class SummaryFuzzTests
{
    private const int Seconds = 2;

    private static readonly SummaryPosition Position = new(3, 7);
    private static readonly byte[] Good = SummarySet.Write(Position, [.. Enumerable.Range(0, 100).Select(i => (ulong)i << 57)]);

    private static readonly Gen<byte[]> Delta = Gen.Select(Gen.ULong, Gen.Enum<HeldChangeKind>()).Array[0, 20].Select(
        changes => SummaryDelta.Write(7, Position with { Sequence = 8 }, [.. changes.Select(change => new HeldChange(change.Item1, change.Item2))]));

    private static readonly Gen<byte[]> Body = Gen.Select(
        Gen.OneOf(Gen.Const(Good), Delta, Gen.Byte.Array[0, 100]),
        Gen.Select(Gen.Int[0, 300], Gen.OneOf(Gen.Byte[0, 3], Gen.Byte)).Array[0, 3],
        Gen.Int[0, 1000],
        (body, edits, cut) =>
        {
            byte[] edited = [.. body];
            foreach ((int at, byte value) in edits)
            {
                if (at < edited.Length) edited[at] = value;
            }

            return cut < edited.Length ? edited[..cut] : edited;
        });

    [Fact]
    public void TryApply_AnyBodies_TakesInOrRefuses()
    {
        int applied = 0;
        int refused = 0;
        Body.Array[1, 10].Sample(
            bodies =>
            {
                PeerSummary summary = new();
                Assert.True(summary.TryApply(Good, [], out _));
                foreach (byte[] body in bodies)
                {
                    List<HeldChange> changes = [];
                    if (summary.TryApply(body, changes, out string? fault)) applied++;
                    else refused++;
                    Assert.True(fault is null ? summary.Position is not null : summary.Position is null && changes.Count == 0);
                    summary.MayHold((ulong)body.Length << 56);
                    Assert.InRange(summary.MemoryBytes, 0, 10_000);
                }

                Assert.True(summary.TryApply(Good, [], out _));
            },
            time: Seconds,
            threads: 1);
        Assert.True(applied > 100, $"{applied} applied");
        Assert.True(refused > 100, $"{refused} refused");
    }

    [Fact]
    public void TryApply_KeysMadeToCollide_AreRefusedAndCostLittle()
    {
        PeerSummary summary = new();
        Assert.True(summary.TryApply(Good, [], out _));
        List<HeldChange> crowd = [.. Enumerable.Range(1, SummaryDelta.MaxChanges).Select(i => new HeldChange((ulong)i << 40, HeldChangeKind.Added))];
        Assert.False(summary.TryApply(SummaryDelta.Write(7, Position, crowd), [], out string? fault));
        Assert.Equal("has keys that are of no hash", fault);
        Assert.True(summary.TryApply(Good, [], out _));
        Assert.False(summary.MayHold(64UL << 40), "a new whole summary has nothing of it");
    }
}
