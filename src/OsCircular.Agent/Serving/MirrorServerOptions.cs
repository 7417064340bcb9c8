namespace OsCircular.Agent.Serving;

/// <summary>Limits of the embedded mirror.</summary>
public sealed record MirrorServerOptions
{
    /// <summary>Connections at one time; more are closed at once. 1 to 65536; default 1024.</summary>
    public int MaxConnections { get; init; } = 1024;

    /// <summary>Bytes a second, below which a client that takes its answer too slowly is let go. 0 to 1 MiB; default 240, 0 for none.</summary>
    public int MinClientRate { get; init; } = 240;

    /// <summary>How long answers under way may take when the server is told to stop. 0 to 10 min; default 5 s.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Every error, one line each; empty where all is well.</summary>
    public IReadOnlyList<string> Validate()
    {
        var errors = new List<string>();
        if (MaxConnections is < 1 or > 65536) errors.Add($"serve: MaxConnections is {MaxConnections}, must be from 1 to 65536");
        if (MinClientRate is < 0 or > 1024 * 1024) errors.Add($"serve: MinClientRate is {MinClientRate}, must be from 0 to 1048576");
        if (StopTimeout < TimeSpan.Zero || StopTimeout > TimeSpan.FromMinutes(10)) errors.Add($"serve: StopTimeout is {StopTimeout}, must be from 0 to 10 min");
        return errors;
    }
}
