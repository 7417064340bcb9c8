using System.Net;
using Microsoft.Extensions.Logging;

namespace OsCircular.Peers.Discovery;

/// <summary>How it goes with a tracker.</summary>
/// <param name="Url">Without its query.</param>
/// <param name="Problem">Of the last announce, one line; null where it went well or was not made yet.</param>
/// <param name="SinceAnswer">Since the last announce that went well; null where none has.</param>
/// <param name="UntilNext">Until the next announce; zero while one is under way.</param>
/// <param name="Peers">How many the last good answer named, perhaps with ourselves.</param>
public sealed record TrackerStatus(string Url, string? Problem, TimeSpan? SinceAnswer, TimeSpan UntilNext, int Peers);

/// <summary>Announces this agent to one tracker for as long as it runs, and brings what the tracker knows.</summary>
/// <param name="client">Outlives this.</param>
/// <param name="random">Of this loop alone.</param>
public sealed class TrackerLoop(TrackerUrl tracker, TrackerClient client, IPeerFinds finds, TimeProvider time, Random random, ILogger logger)
{
    /// <summary>After the first failure; doubles with each further one.</summary>
    public static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(5);

    public static readonly TimeSpan LastRetry = TimeSpan.FromMinutes(5);

    /// <summary>The agent's end waits no longer for its good-bye.</summary>
    public static readonly TimeSpan GoodbyeLimit = TimeSpan.FromSeconds(1);

    private readonly LastSaid _said = new();

    // Replaced as a whole; read from any thread.
    private volatile State _state = new(null, null, 0, TimeSpan.Zero, 0);

    public TrackerStatus Status
    {
        get
        {
            State state = _state;
            TimeSpan left = state.Wait - time.GetElapsedTime(state.PlannedAt);
            return new TrackerStatus(
                tracker.ToString(), state.Problem, state.AnsweredAt is { } at ? time.GetElapsedTime(at) : null,
                left > TimeSpan.Zero ? left : TimeSpan.Zero, state.Peers);
        }
    }

    /// <summary>Announces until cancelled; then says good-bye, within <see cref="GoodbyeLimit"/>, and completes without an error. Once.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        bool known = false;
        try
        {
            for (int failures = 0; ;)
            {
                TrackerAnswer answer = await client.AnnounceAsync(tracker, known ? TrackerEvent.None : TrackerEvent.Started, cancellationToken);
                failures = answer.Problem is null ? 0 : failures + 1;
                known |= answer.Problem is null;
                TimeSpan wait = DelayAfter(failures, answer.Interval, random.NextDouble());
                Note(answer, wait);
                foreach (IPEndPoint peer in answer.Peers) finds.Found(peer, PeerFindSource.Tracker);
                await Task.Delay(wait, time, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            if (known) await SayGoodbyeAsync();
        }
    }

    /// <param name="failures">Announces in a row that went wrong.</param>
    /// <param name="interval">What the tracker asked for.</param>
    /// <param name="chance">0 to 1: never sooner than the tracker wants, and hosts that failed together do not come back together.</param>
    internal static TimeSpan DelayAfter(int failures, TimeSpan interval, double chance)
    {
        if (failures == 0) return interval * (1 + (0.05 * chance));
        TimeSpan doubled = FirstRetry * (1 << Math.Min(failures - 1, 10));
        return (doubled < LastRetry ? doubled : LastRetry) * (0.75 + (0.5 * chance));
    }

    private void Note(TrackerAnswer answer, TimeSpan wait)
    {
        State last = _state;
        long now = time.GetTimestamp();
        bool good = answer.Problem is null;
        _state = new State(answer.Problem, good ? now : last.AnsweredAt, now, wait, good ? answer.Peers.Count : last.Peers);
        if (!_said.Changes(answer.Problem ?? "")) return;
        if (good) logger.TrackerAnswers(tracker.ToString());
        else logger.TrackerFails(tracker.ToString(), answer.Problem!);
    }

    private async Task SayGoodbyeAsync()
    {
        using var limit = new CancellationTokenSource(GoodbyeLimit, time);
        try
        {
            _ = await client.AnnounceAsync(tracker, TrackerEvent.Stopped, limit.Token);
        }
        catch (OperationCanceledException)
        {
            // It will forget us by itself.
        }
    }

    private sealed record State(string? Problem, long? AnsweredAt, long PlannedAt, TimeSpan Wait, int Peers);
}
