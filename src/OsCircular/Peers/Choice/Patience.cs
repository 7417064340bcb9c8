namespace OsCircular.Peers.Choice;

/// <summary>
/// How long a peer may be silent before it is not waited for. A host that is itself late, because it has too little of its processors, sees every peer late:
/// what it takes for silence then would have each block fetched twice, by hosts that have no time for it. Thread-safe.
/// </summary>
/// <param name="silence">Of a host that is never late.</param>
/// <param name="time">Whose timers show how late it is.</param>
internal sealed class Patience(TimeSpan silence, TimeProvider time)
{
    /// <summary>How often the lateness is looked at.</summary>
    public static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(250);

    /// <summary>No host is waited for longer than this many times the silence of one that is never late.</summary>
    public const int MostTimes = 4;

    // An answer needs several turns of each side's scheduler: accept, read, fetch, write, read.
    private const int Turns = 6;

    // A look at the lateness of ten seconds ago counts a tenth.
    private const double Fading = 0.944;

    private long _lateness;

    /// <summary>How late this host's own timers were lately, the worst of it.</summary>
    public TimeSpan Lateness => TimeSpan.FromTicks(Volatile.Read(ref _lateness));

    /// <summary>For this moment.</summary>
    public TimeSpan Silence => SilenceOf(silence, Lateness);

    /// <summary>The rule: pure.</summary>
    public static TimeSpan SilenceOf(TimeSpan silence, TimeSpan lateness)
    {
        TimeSpan patient = silence + (Turns * lateness);
        return patient < MostTimes * silence ? patient : MostTimes * silence;
    }

    /// <summary>What is known of the lateness after one more look: pure.</summary>
    public static TimeSpan Learn(TimeSpan known, TimeSpan seen)
    {
        TimeSpan faded = Fading * known;
        return seen > faded ? seen : faded;
    }

    /// <summary>Looks until the token is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            long asleep = time.GetTimestamp();
            await Task.Delay(Tick, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            TimeSpan late = time.GetElapsedTime(asleep) - Tick;
            Volatile.Write(ref _lateness, Learn(Lateness, late > TimeSpan.Zero ? late : TimeSpan.Zero).Ticks);
        }
    }
}
