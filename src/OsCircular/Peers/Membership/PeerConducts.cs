using System.Net;
using OsCircular.Peers.Choice;

namespace OsCircular.Peers.Membership;

/// <summary>
/// How every address has behaved: it outlives the member, so that who is banned does not come back under another id. By host, but on this host by agent, where several
/// may run. Bounded; thread-safe.
/// </summary>
internal sealed class PeerConducts(TimeSpan firstBan, TimeProvider time)
{
    private const int Most = 4096;

    private readonly Lock _lock = new();
    private readonly Dictionary<IPEndPoint, Conduct> _conducts = [];

    public Conduct Of(IPEndPoint address)
    {
        IPEndPoint key = IPAddress.IsLoopback(address.Address) ? address : new IPEndPoint(address.Address, 0);
        lock (_lock)
        {
            if (_conducts.TryGetValue(key, out Conduct? known)) return known;
            if (_conducts.Count >= Most) Shrink();
            return _conducts[key] = new Conduct(firstBan, time);
        }
    }

    // Who was never banned loses nothing but a few minutes' memory.
    private void Shrink()
    {
        foreach ((IPEndPoint address, Conduct conduct) in _conducts)
            if (conduct.Bans == 0) _conducts.Remove(address);
        if (_conducts.Count >= Most) _conducts.Clear();
    }
}
