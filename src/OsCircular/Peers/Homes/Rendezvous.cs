using System.Buffers.Binary;

namespace OsCircular.Peers.Homes;

/// <summary>
/// Rendezvous hashing: pure. Every member weighs itself against the name; the heaviest is its home. A member that comes or goes moves only the names that
/// are, or were, its own. Part of the protocol: members of one group must agree, so it stands in Formats.md and is pinned by golden values.
/// </summary>
public static class Rendezvous
{
    /// <summary>The first eight bytes of a member's id, big-endian: what it is weighed by.</summary>
    public static ulong IdOf(PeerId id)
    {
        Span<byte> bytes = stackalloc byte[PeerId.Size];
        id.CopyTo(bytes);
        return BinaryPrimitives.ReadUInt64BigEndian(bytes);
    }

    /// <summary>The weight of a member for a name: SplitMix64's finisher over both.</summary>
    /// <param name="id">Of <see cref="IdOf"/>.</param>
    /// <param name="key">Of <see cref="Sources.HeldKey"/>.</param>
    public static ulong Weight(ulong id, ulong key)
    {
        ulong x = id ^ key;
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }

    /// <summary>The positions of the heaviest members, heaviest first; of equal weights the greater id goes first.</summary>
    /// <param name="ids">Of <see cref="IdOf"/>; in any order.</param>
    /// <param name="key">The name's.</param>
    /// <param name="heaviest">Filled as far as there are members.</param>
    /// <returns>How many were filled.</returns>
    public static int Rank(ReadOnlySpan<ulong> ids, ulong key, Span<int> heaviest)
    {
        int filled = 0;
        for (int i = 0; i < ids.Length; i++)
        {
            int place = filled;
            while (place > 0 && IsHeavier(ids[i], ids[heaviest[place - 1]], key)) place--;
            if (place == heaviest.Length) continue;
            if (filled < heaviest.Length) filled++;
            heaviest[place..(filled - 1)].CopyTo(heaviest[(place + 1)..]);
            heaviest[place] = i;
        }

        return filled;
    }

    private static bool IsHeavier(ulong left, ulong right, ulong key)
    {
        ulong leftWeight = Weight(left, key);
        ulong rightWeight = Weight(right, key);
        return leftWeight != rightWeight ? leftWeight > rightWeight : left > right;
    }
}
