using CsCheck;
using OsCircular.Blocks;
using OsCircular.Peers;
using OsCircular.Peers.Homes;
using OsCircular.Sources;

namespace OsCircular.Tests.Peers.Homes;

public sealed class RendezvousTests
{
    private static readonly Gen<ulong[]> Members = Gen.ULong.Array[0, 40].Select(ids => ids.Distinct().ToArray());

    [Theory]
    [InlineData(0UL, 0UL, 0UL)]
    [InlineData(0UL, 1UL, 0x5692161d100b05e5UL)]
    [InlineData(0x0102030405060708UL, 0xfedcba9876543210UL, 0xc6505e2c5bdd7b6aUL)]
    [InlineData(ulong.MaxValue, 0UL, 0xb4d055fcf2cbbd7bUL)]
    public void Weight_OfGoldenValues_IsAsTheProtocolSays(ulong id, ulong key, ulong weight) => Assert.Equal(weight, Rendezvous.Weight(id, key));

    [Fact]
    public void Rank_GoldenGroup_IsAsTheProtocolSays()
    {
        string[] ids =
        [
            "2a5e5c709c596feede0ace9d4321cab93f961c3c", "c8c5da1bf6c353bc312c7a37364fe51eda2a54b4", "7d4a3b945cd620dd77554d3b256e0aa238b32a51",
            "78279141b9510b28f4c2c9895943afeb9890cf53", "6fa5767dee702c11710f7955a76b5da7a7ed7f97",
        ];
        Assert.True(BlockName.TryParse("da39a3ee5e6b4b0d3255bfef95601890afd80709", out BlockName name));
        ulong[] weighed = [.. ids.Select(text => PeerId.TryParse(text, out PeerId id) ? Rendezvous.IdOf(id) : 0)];
        Assert.Equal(0x2a5e5c709c596feeUL, weighed[0]);
        Assert.Equal(0xda39a3ee5e6b4b0dUL, HeldKey.Of(name));
        Assert.Equal([1, 2, 0, 4, 3], Rank(weighed, HeldKey.Of(name), 5));
    }

    [Fact]
    public void Rank_AnyGroup_AgreesWithASort() =>
        Gen.Select(Members, Gen.ULong, Gen.Int[0, 6]).Sample(
            (ids, key, depth) =>
            {
                int[] sorted = [.. Enumerable.Range(0, ids.Length).OrderByDescending(i => Rendezvous.Weight(ids[i], key)).ThenByDescending(i => ids[i]).Take(depth)];
                Assert.Equal(sorted, Rank(ids, key, depth));
            },
            time: 1,
            threads: 1);

    [Fact]
    public void Rank_InAnotherOrder_NamesTheSameMembers() =>
        Gen.Select(Members.SelectMany(ids => Gen.Select(Gen.Const(ids), Gen.Shuffle(ids))), Gen.ULong).Sample(
            (groups, key) => Assert.Equal(Named(groups.Item1, key), Named(groups.Item2, key)),
            time: 1,
            threads: 1);

    [Fact]
    public void Rank_AMemberLeaves_OnlyItsOwnNamesMove()
    {
        ulong[] members = Group(9);
        ulong[] left = members[..^1];
        int moved = 0;
        foreach (ulong key in Keys(20_000))
        {
            ulong before = members[Rank(members, key, 1)[0]];
            ulong after = left[Rank(left, key, 1)[0]];
            if (before == members[^1]) moved++;
            else Assert.Equal(before, after);
        }

        Assert.InRange(moved, 20_000 / 9 * 0.9, 20_000 / 9 * 1.1);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(8)]
    [InlineData(32)]
    public void Rank_ManyNames_IsBalanced(int count)
    {
        const int Names = 100_000;
        ulong[] members = Group(count);
        int[] firsts = new int[count];
        int[] seconds = new int[count];
        foreach (ulong key in Keys(Names))
        {
            int[] ranked = Rank(members, key, 2);
            firsts[ranked[0]]++;
            seconds[ranked[1]]++;
        }

        // Four standard deviations of a fair draw: 1 % for two members, 7 % for 32.
        double share = (double)Names / count;
        double slack = 4 * Math.Sqrt(share * (1 - (1.0 / count)));
        Assert.All((int[])[.. firsts, .. seconds], homes => Assert.InRange(homes, share - slack, share + slack));
    }

    private static ulong[] Group(int count) => [.. Enumerable.Range(0, count).Select(member => Rendezvous.IdOf(PeerId.Derive("boot", "net", $"{member}")))];

    private static IEnumerable<ulong> Keys(int count) => Enumerable.Range(0, count).Select(i => HeldKey.Of(BlockName.Of(BitConverter.GetBytes(i))));

    private static ulong[] Named(ulong[] ids, ulong key) => [.. Rank(ids, key, 2).Select(place => ids[place])];

    private static int[] Rank(ulong[] ids, ulong key, int depth)
    {
        int[] heaviest = new int[depth];
        return heaviest[..Rendezvous.Rank(ids, key, heaviest)];
    }
}
