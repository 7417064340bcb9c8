using OsCircular.Sources.Rates;

namespace OsCircular.Agent.Serving;

/// <summary>Limits of the listener that peers ask. Every value has a default; <see cref="Validate"/> names every one out of its range.</summary>
public sealed record PeerServerOptions
{
    /// <summary>Connections at one time; more are closed at once. 1 to 65536; default 4096: several for each of hundreds of hosts.</summary>
    public int MaxConnections { get; init; } = 4096;

    /// <summary>Blocks and documents sent at one time; more are refused. 1 to 65536; default 64: enough to fill any line, few enough that each gets on.</summary>
    public int Uploads { get; init; } = 64;

    /// <summary>Bytes a second to all peers together, by the hour: each 64 KiB to 1 TiB; default: no limit.</summary>
    public RateSchedule UploadRate { get; init; } = RateSchedule.None;

    /// <summary>An asker that the rate would hold for longer is refused at once, for another may serve it sooner. 0 to 10 s; default 250 ms.</summary>
    public TimeSpan MaxUploadWait { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Fetches at one time on behalf of one peer. 1 to 1024; default 32.</summary>
    public int FetchesPerPeer { get; init; } = 32;

    /// <summary>Bytes of all blocks being fetched on behalf of peers; a fetch that would be past it is refused. 4 MiB to 1 GiB; default 64 MiB.</summary>
    public long FetchMemory { get; init; } = 64L << 20;

    /// <summary>Bytes a second, below which an asker that takes its answer too slowly is let go. 0 for none, to 1 MiB; default 16 KiB.</summary>
    public int MinClientRate { get; init; } = 16 * 1024;

    /// <summary>How long an answer may be slower than <see cref="MinClientRate"/> at its begin. 2 s to 10 min; default 5 s.</summary>
    public TimeSpan SlowStart { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Unproven requests in a row, after which a connection is cut. 1 to 1024; default 8.</summary>
    public int MaxUnproven { get; init; } = 8;

    /// <summary>How long answers under way may take when the server is told to stop. 0 to 10 min; default 1 s.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Every error, one line each; empty where all is well.</summary>
    public IReadOnlyList<string> Validate()
    {
        var errors = new List<string>();
        void Check<T>(string name, T value, T least, T most) where T : IComparable<T>
        {
            if (value.CompareTo(least) < 0 || value.CompareTo(most) > 0) errors.Add($"peers: {name} is {value}, must be from {least} to {most}");
        }

        TimeSpan tenMinutes = TimeSpan.FromMinutes(10);
        Check(nameof(MaxConnections), MaxConnections, 1, 65536);
        Check(nameof(Uploads), Uploads, 1, 65536);
        if (UploadRate.Range is { } rates) Check(nameof(UploadRate), rates.Least < 64L << 10 ? rates.Least : rates.Most, 64L << 10, 1L << 40);
        Check(nameof(MaxUploadWait), MaxUploadWait, TimeSpan.Zero, TimeSpan.FromSeconds(10));
        Check(nameof(FetchesPerPeer), FetchesPerPeer, 1, 1024);
        Check(nameof(FetchMemory), FetchMemory, 4L << 20, 1L << 30);
        Check(nameof(MinClientRate), MinClientRate, 0, 1 << 20);
        Check(nameof(SlowStart), SlowStart, TimeSpan.FromSeconds(2), tenMinutes);
        Check(nameof(MaxUnproven), MaxUnproven, 1, 1024);
        Check(nameof(StopTimeout), StopTimeout, TimeSpan.Zero, tenMinutes);
        return errors;
    }
}
