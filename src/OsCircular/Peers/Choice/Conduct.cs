namespace OsCircular.Peers.Choice;

/// <summary>
/// How one address has behaved: wrong bytes, and the bans they lead to. A peer is asked once more, past its caches, before its bytes count against it.
/// Thread-safe.
/// </summary>
public sealed class Conduct
{
    private const int MostNames = 3;
    private static readonly TimeSpan Memory = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan MaxBan = TimeSpan.FromHours(1);

    private readonly TimeSpan _firstBan;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly List<(string Name, long At)> _wrong = [];
    private int _bans;
    private long? _bannedAt;
    private TimeSpan _ban;
    private string? _reason;

    /// <param name="firstBan">How long the first ban lasts.</param>
    /// <param name="time">The clock.</param>
    public Conduct(TimeSpan firstBan, TimeProvider time)
    {
        _firstBan = firstBan;
        _time = time;
    }

    /// <summary>Whether it is banned now, for how long still, and why.</summary>
    public (bool Banned, TimeSpan Left, string? Reason) Ban
    {
        get
        {
            lock (_lock)
            {
                if (_bannedAt is not { } at) return (false, TimeSpan.Zero, null);
                TimeSpan left = _ban - _time.GetElapsedTime(at);
                return left > TimeSpan.Zero ? (true, left, _reason) : (false, TimeSpan.Zero, null);
            }
        }
    }

    public bool IsBanned => Ban.Banned;

    /// <summary>Bans so far.</summary>
    public int Bans
    {
        get
        {
            lock (_lock) return _bans;
        }
    }

    /// <summary>It sent wrong bytes.</summary>
    /// <param name="name">For this block or document.</param>
    /// <param name="again">Also when it was asked to look at its own file first.</param>
    /// <returns>Whether it is banned for it.</returns>
    public bool NoteWrong(string name, bool again)
    {
        lock (_lock)
        {
            long now = _time.GetTimestamp();
            _wrong.RemoveAll(wrong => _time.GetElapsedTime(wrong.At, now) > Memory || wrong.Name == name);
            _wrong.Add((name, now));
            if (again) BanFor($"sent wrong bytes for {name}, also when asked to check its own file");
            else if (_wrong.Count >= MostNames) BanFor($"sent wrong bytes for {_wrong.Count} names within ten minutes, last for {name}");
            return again || _wrong.Count >= MostNames;
        }
    }

    private void BanFor(string reason)
    {
        // Several answers may be under way when the first is found wrong: they are one offence.
        bool running = _bannedAt is { } at && _time.GetElapsedTime(at) < _ban;
        if (running) return;
        double length = _firstBan.TotalSeconds * Math.Pow(2, Math.Min(_bans, 20));
        _ban = length < MaxBan.TotalSeconds ? TimeSpan.FromSeconds(length) : MaxBan;
        _bans++;
        _bannedAt = _time.GetTimestamp();
        _reason = reason;
    }
}
