using System.Net;

namespace OsCircular.Peers.Discovery;

/// <summary>What a heard datagram means.</summary>
internal enum BeaconMeaning
{
    Malformed,
    Own,
    OtherGroup,
    Stranger,
    Limited,
    Found,
    Leaving,
}

/// <summary>Decides what a heard datagram means, and counts. Thread-safe; does no I/O.</summary>
/// <param name="group">Ours.</param>
/// <param name="cookie">Ours.</param>
/// <param name="mayBeMember">Whether a peer may have this address.</param>
internal sealed class BeaconFilter(PeerId group, string cookie, Func<IPAddress, bool> mayBeMember, TimeProvider time)
{
    private readonly Lock _lock = new();

    // Guarded by _lock.
    private readonly FindLimit _limit = new(time);
    private readonly long[] _counts = new long[Enum.GetValues<BeaconMeaning>().Length];
    private long _sent;

    public BeaconCounters Counters
    {
        get
        {
            lock (_lock)
            {
                return new BeaconCounters(
                    _sent, _counts.Sum(), Count(BeaconMeaning.Own), Count(BeaconMeaning.OtherGroup), Count(BeaconMeaning.Malformed),
                    Count(BeaconMeaning.Stranger), Count(BeaconMeaning.Limited), Count(BeaconMeaning.Found) + Count(BeaconMeaning.Leaving));
            }
        }
    }

    public void Sent()
    {
        lock (_lock) _sent++;
    }

    /// <param name="datagram">Of any length.</param>
    /// <param name="from">Whom the datagram names as its sender; it may lie.</param>
    /// <param name="port">Of the sender's listener, where it is a beacon.</param>
    public BeaconMeaning Hear(ReadOnlySpan<byte> datagram, IPAddress from, out int port)
    {
        BeaconMeaning meaning = Meaning(datagram, from, out Beacon? beacon);
        port = beacon?.Port ?? 0;
        lock (_lock)
        {
            if (meaning is BeaconMeaning.Found or BeaconMeaning.Leaving && !_limit.Allows(from, port, beacon!.Kind)) meaning = BeaconMeaning.Limited;
            _counts[(int)meaning]++;
        }

        return meaning;
    }

    private BeaconMeaning Meaning(ReadOnlySpan<byte> datagram, IPAddress from, out Beacon? beacon)
    {
        if (!Beacon.TryParse(datagram, out beacon)) return BeaconMeaning.Malformed;
        if (beacon.Cookie == cookie) return BeaconMeaning.Own;
        if (!beacon.Groups.Contains(group)) return BeaconMeaning.OtherGroup;
        if (!mayBeMember(from)) return BeaconMeaning.Stranger;
        return beacon.Kind == BeaconKind.Bye ? BeaconMeaning.Leaving : BeaconMeaning.Found;
    }

    private long Count(BeaconMeaning meaning) => _counts[(int)meaning];
}
