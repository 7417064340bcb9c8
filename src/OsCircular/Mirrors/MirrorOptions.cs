namespace OsCircular.Mirrors;

/// <summary>How mirrors are asked. Every value has a default; <see cref="Validate"/> names every one out of its range.</summary>
public sealed record MirrorOptions
{
    /// <summary>Polly hedges and fails over to at most ten others.</summary>
    public const int MaxMirrors = 11;

    /// <summary>Connections to one mirror at one time. 1 to 256; default 16.</summary>
    public int Connections { get; init; } = 16;

    /// <summary>Time to connect, TLS included. 100 ms to 1 min; default 5 s.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>A transfer that brings no byte for this long is given up. 100 ms to 10 min; default 10 s.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long after the last sign of life of any mirror a fetch is tried again; later it fails at once, until a probe gets through.
    /// Long enough for a web server's restart, short enough for a classroom without a network. 0 to 10 min; default 5 s.
    /// </summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The pause before the first retry; doubles, with jitter, up to <see cref="MaxRetryDelay"/>. 1 ms to 1 min; default 100 ms.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest pause between retries. At least <see cref="RetryDelay"/>, at most 1 min; default 1 s.</summary>
    public TimeSpan MaxRetryDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a failing mirror is rested before it is probed. 500 ms to 10 min; default 2 s.</summary>
    public TimeSpan Rest { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a redirect of the whole mirror is remembered. 0 to 1 day; default 5 min.</summary>
    public TimeSpan RedirectMemory { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>No first byte is overdue before this. 10 ms to 1 min; default 250 ms.</summary>
    public TimeSpan MinHedgeDelay { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Hedges as a share of requests. 0 to 1; default 0.05.</summary>
    public double HedgeShare { get; init; } = 0.05;

    /// <summary>Share of requests that try a mirror not measured of late. 0 to 1; default 0.02.</summary>
    public double ExploreShare { get; init; } = 0.02;

    /// <summary>Every error, one line each; empty where all is well.</summary>
    public IReadOnlyList<string> Validate()
    {
        var errors = new List<string>();
        void Check<T>(string name, T value, T least, T most) where T : IComparable<T>
        {
            if (value.CompareTo(least) < 0 || value.CompareTo(most) > 0) errors.Add($"mirrors: {name} is {value}, must be from {least} to {most}");
        }

        TimeSpan minute = TimeSpan.FromMinutes(1);
        TimeSpan tenMinutes = TimeSpan.FromMinutes(10);
        Check(nameof(Connections), Connections, 1, 256);
        Check(nameof(ConnectTimeout), ConnectTimeout, TimeSpan.FromMilliseconds(100), minute);
        Check(nameof(StallTimeout), StallTimeout, TimeSpan.FromMilliseconds(100), tenMinutes);
        Check(nameof(Grace), Grace, TimeSpan.Zero, tenMinutes);
        Check(nameof(RetryDelay), RetryDelay, TimeSpan.FromMilliseconds(1), minute);
        Check(nameof(MaxRetryDelay), MaxRetryDelay, RetryDelay, minute);
        Check(nameof(Rest), Rest, TimeSpan.FromMilliseconds(500), tenMinutes);
        Check(nameof(RedirectMemory), RedirectMemory, TimeSpan.Zero, TimeSpan.FromDays(1));
        Check(nameof(MinHedgeDelay), MinHedgeDelay, TimeSpan.FromMilliseconds(10), minute);
        Check(nameof(HedgeShare), HedgeShare, 0, 1);
        Check(nameof(ExploreShare), ExploreShare, 0, 1);
        return errors;
    }
}
