namespace OsCircular.Peers;

/// <summary>How this agent deals with its peers. Every value has a default; <see cref="Validate"/> names every one out of its range.</summary>
public sealed record PeerOptions
{
    /// <summary>The port that is tried first, and taken where an address is given without one.</summary>
    public const int DefaultPort = 7117;

    /// <summary>How long a start holds mirror fetches back for greetings to settle, half as long where nobody was heard of: 0 to 5 s; default 300 ms.</summary>
    public TimeSpan SettleTime { get; init; } = TimeSpan.FromMilliseconds(300);

    /// <summary>Between two looks at a peer while blocks are asked for: 100 ms to 1 min; default 2 s.</summary>
    public TimeSpan PollActive { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The same while nothing is: at least <see cref="PollActive"/>, at most 5 min; default 10 s.</summary>
    public TimeSpan PollIdle { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A peer that says nothing for this long is not waited for: 100 ms to 30 s; default 2 s. A home answers within half of it.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Requests to one peer at one time: 1 to 64; default 16.</summary>
    public int Lanes { get; init; } = 16;

    /// <summary>Fetches from peers at one time: 1 to 256; default 32.</summary>
    public int MaxInFlight { get; init; } = 32;

    /// <summary>Members known at one time: 1 to 4096; default 512.</summary>
    public int MaxMembers { get; init; } = 512;

    /// <summary>Of them at one address, for several agents may run on one host: 1 to 4096; default 64.</summary>
    public int MaxMembersAtAddress { get; init; } = 64;

    /// <summary>Bytes for all summaries: 1 MiB to 4 GiB; default 64 MiB.</summary>
    public long SummaryMemory { get; init; } = 64L << 20;

    /// <summary>Second requests for what is late, as a share of requests, of readers only: 0 to 1; default 0.02.</summary>
    public double HedgeShare { get; init; } = 0.02;

    /// <summary>No answer is late before this: 10 ms to 10 s; default 250 ms.</summary>
    public TimeSpan MinHedgeDelay { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Blocks fetched as home at one time: 1 to 4096; default 128.</summary>
    public int MaxHomeFetches { get; init; } = 128;

    /// <summary>How long the first ban lasts; each further one twice as long, up to an hour: 1 s to 1 h; default 1 min.</summary>
    public TimeSpan Ban { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Every error, one line each; empty where all is well.</summary>
    public IReadOnlyList<string> Validate()
    {
        var errors = new List<string>();
        void Check<T>(string name, T value, T least, T most) where T : IComparable<T>
        {
            if (value.CompareTo(least) < 0 || value.CompareTo(most) > 0) errors.Add($"peers: {name} is {value}, must be from {least} to {most}");
        }

        Check(nameof(SettleTime), SettleTime, TimeSpan.Zero, TimeSpan.FromSeconds(5));
        Check(nameof(PollActive), PollActive, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(1));
        Check(nameof(PollIdle), PollIdle, PollActive, TimeSpan.FromMinutes(5));
        Check(nameof(Silence), Silence, TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(30));
        Check(nameof(Lanes), Lanes, 1, 64);
        Check(nameof(MaxInFlight), MaxInFlight, 1, 256);
        Check(nameof(MaxMembers), MaxMembers, 1, 4096);
        Check(nameof(MaxMembersAtAddress), MaxMembersAtAddress, 1, 4096);
        Check(nameof(SummaryMemory), SummaryMemory, 1L << 20, 4L << 30);
        Check(nameof(HedgeShare), HedgeShare, 0, 1);
        Check(nameof(MinHedgeDelay), MinHedgeDelay, TimeSpan.FromMilliseconds(10), TimeSpan.FromSeconds(10));
        Check(nameof(MaxHomeFetches), MaxHomeFetches, 1, 4096);
        Check(nameof(Ban), Ban, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1));
        return errors;
    }
}
