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

    private const int MaxDoublings = 6;

    /// <summary>The pause until the next look.</summary>
    /// <param name="misses">Looks in a row that it did not answer.</param>
    /// <param name="sinceAsked">Since this host last asked peers for a block.</param>
    /// <param name="options">The two intervals.</param>
    /// <param name="chance">0 to 1: jitter of a fifth either way, so that the hosts of a room do not march in step.</param>
    public static TimeSpan Pause(int misses, TimeSpan sinceAsked, PeerOptions options, double chance)
    {
        TimeSpan plain = sinceAsked < ActiveFor ? options.PollActive : options.PollIdle;
        if (misses > 0)
        {
            TimeSpan retry = FirstRetry * (1 << Math.Min(misses - 1, MaxDoublings));
            plain = retry < MaxRetry ? retry : MaxRetry;
        }

        return plain * (0.8 + (0.4 * chance));
    }
}
