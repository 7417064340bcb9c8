namespace OsCircular.Peers.Homes;

/// <summary>
/// Where a host begins that takes in a whole version: pure. Hosts that fill the same image at one time each begin elsewhere, so that each soon holds
/// what the others lack, and the line to the mirrors carries different blocks and not the same ones in a row.
/// </summary>
public static class FillOrder
{
    /// <summary>The first of <paramref name="count"/> blocks for this host; it goes on to the last, and then from 0 to here.</summary>
    /// <param name="id">This host's.</param>
    /// <param name="count">At least 1.</param>
    public static long Start(PeerId id, long count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        return (long)(((UInt128)Rendezvous.IdOf(id) * (ulong)count) >> 64);
    }

    /// <summary>The block to take as number <paramref name="step"/>, from 0 to <paramref name="count"/> - 1.</summary>
    public static long At(PeerId id, long count, long step)
    {
        long at = Start(id, count) + step;
        return at < count ? at : at - count;
    }
}
