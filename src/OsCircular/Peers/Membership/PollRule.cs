namespace OsCircular.Peers.Membership;

/// <summary>When to look at a member again: pure.</summary>
internal static class PollRule
{
    /// <summary>The pause after the first look that was not answered; doubles with each further one.</summary>
    public static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(500);

    public static readonly TimeSpan MaxRetry = TimeSpan.FromSeconds(30);

    /// <summary>A member silent for this long is forgotten; its address is remembered for the next start.</summary>
    public static readonly TimeSpan ForgetAfter = TimeSpan.FromMinutes(10);

    /// <summary>While blocks were asked for within this time, members are looked at more often.</summary>
    public static readonly TimeSpan ActiveFor = TimeSpan.FromSeconds(10);

    /// <summary>While blocks are asked for, this time passes from one look to the next, whoever they are at: looks must not cost a large group more than blocks do.</summary>
    public static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(250);

    /// <summary>So long after a change there is likely somebody whom not all have heard of.</summary>
    public static readonly TimeSpan YoungFor = TimeSpan.FromSeconds(30);

    /// <summary>Between two questions whom another knows, in a group that has just changed.</summary>
    public static readonly TimeSpan YoungExchange = TimeSpan.FromSeconds(2);

    /// <summary>The same in one that has not.</summary>
    public static readonly TimeSpan CalmExchange = TimeSpan.FromSeconds(30);

    private const int MaxDoublings = 6;

    /// <summary>The pause until the next look.</summary>
    /// <param name="misses">Looks in a row that it did not answer.</param>
    /// <param name="sinceAsked">Since this host last asked peers for a block.</param>
    /// <param name="members">How many are looked at.</param>
    /// <param name="options">The two intervals.</param>
    /// <param name="chance">0 to 1: jitter of a fifth either way, so that the hosts of a room do not march in step.</param>
    public static TimeSpan Pause(int misses, TimeSpan sinceAsked, int members, PeerOptions options, double chance)
    {
        TimeSpan shared = members * BetweenLooks;
        TimeSpan active = shared < options.PollActive ? options.PollActive : shared;
        TimeSpan plain = sinceAsked < ActiveFor && active < options.PollIdle ? active : options.PollIdle;
        if (misses > 0)
        {
            TimeSpan retry = FirstRetry * (1 << Math.Min(misses - 1, MaxDoublings));
            plain = retry < MaxRetry ? retry : MaxRetry;
        }

        return Jittered(plain, chance);
    }

    /// <summary>The pause until some member is asked again whom it knows.</summary>
    /// <param name="sinceChange">Since a member came or went.</param>
    /// <param name="chance">As above.</param>
    public static TimeSpan ExchangePause(TimeSpan sinceChange, double chance) => Jittered(sinceChange < YoungFor ? YoungExchange : CalmExchange, chance);

    private static TimeSpan Jittered(TimeSpan plain, double chance) => plain * (0.8 + (0.4 * chance));
}
