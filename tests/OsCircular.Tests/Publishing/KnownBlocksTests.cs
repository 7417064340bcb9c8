using CsCheck;
using OsCircular.Blocks;
using OsCircular.Publishing;

namespace OsCircular.Tests.Publishing;

public sealed class KnownBlocksTests
{
    // Few contents and names, so that they meet; and values that fall into one slot, so that runs of taken slots are met.
    private static readonly Gen<(int Content, int Name)[]> Offers = Gen.Select(Gen.Int[0, 3000], Gen.Int[0, 3000]).Array[0, 4000];

    [Fact]
    public void Add_AgreesWithTwoDictionaries() => Offers.Sample(offers =>
    {
        var known = new KnownBlocks();
        var contents = new Dictionary<Digest, BlockRow>();
        var names = new Dictionary<BlockName, BlockRow>();
        foreach ((int content, int name) in offers)
        {
            BlockRow row = RowOf(content, name);
            Known expected = contents.ContainsKey(row.Content) ? Known.SameContent : names.ContainsKey(row.Name) ? Known.NameTaken : Known.Added;
            Assert.Equal(expected, known.Add(row, out int number));
            if (expected == Known.NameTaken)
            {
                Assert.Equal(names[row.Name], known[number]);
                continue;
            }

            contents.TryAdd(row.Content, row);
            names.TryAdd(row.Name, row);
            Assert.Equal(contents[row.Content], known[number]);
        }

        Assert.Equal(names.Count, known.Count);
        for (int i = 0; i <= 3000; i++)
        {
            BlockRow probe = RowOf(i, i);
            Assert.Equal(contents.TryGetValue(probe.Content, out BlockRow wanted), known.TryFind(probe.Content, out int number, out BlockRow found));
            Assert.Equal(wanted, found);
            if (number >= 0) Assert.Equal(wanted, known[number]);
            Assert.Equal(names.TryGetValue(probe.Name, out wanted), known.TryFind(probe.Name, out _, out found));
            Assert.Equal(wanted, found);
        }
    }, iter: 30);

    internal static BlockRow RowOf(int content, int name)
    {
        // Every seventh shares its hash code with its neighbours.
        Span<byte> bytes = stackalloc byte[Digest.Size];
        Fill(bytes, content);
        Span<byte> other = stackalloc byte[Digest.Size];
        Fill(other, name + 1_000_000);
        return new BlockRow(new BlockName(other[..BlockName.Size]), new Digest(bytes), 100, BlockEncoding.Zstd);
    }

    private static void Fill(Span<byte> bytes, int value)
    {
        System.Security.Cryptography.SHA256.HashData(BitConverter.GetBytes(value), bytes);
        if (value % 7 == 0) bytes[8..16].Clear();
    }
}
