using Microsoft.Extensions.Logging;
using OsCircular.Blocks;
using OsCircular.Disks;
using OsCircular.Disks.Booting;
using OsCircular.Indexes;
using OsCircular.Library.Profiles;

namespace OsCircular.Mount.Recording;

public enum RecordingState
{
    /// <summary>Nothing was read yet.</summary>
    Waiting = 0,

    Recording,
    Done,

    /// <summary>Nothing was read, or the run could not be kept.</summary>
    Failed,
}

/// <summary>How far a recording is.</summary>
/// <param name="Image">The image.</param>
/// <param name="Version">The version.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Blocks">Blocks first touched in this run.</param>
/// <param name="Lasted">From the first of them to the last.</param>
/// <param name="Runs">Runs of this version that are kept, this one too; 0 before it has ended.</param>
/// <param name="Profile">What recurs in them; null before it has ended well.</param>
/// <param name="Problem">Why it failed; null where it did not.</param>
public sealed record RecordingProgress(
    ImageName Image, VersionName Version, RecordingState State, int Blocks, TimeSpan Lasted, int Runs, BootProfile? Profile, string? Problem)
{
    public bool HasEnded => State is RecordingState.Done or RecordingState.Failed;
}

/// <summary>What one recording is to note.</summary>
/// <param name="Image">The image.</param>
/// <param name="Version">Its version, which has an index.</param>
/// <param name="Quiet">For how long nothing new must be read for the boot to be over.</param>
/// <param name="Fresh">Forget the runs before.</param>
internal sealed record RecordingOrder(ImageName Image, ManifestVersion Version, TimeSpan Quiet, bool Fresh);

/// <summary>One boot being recorded. Run once.</summary>
internal sealed class Recording(RecordingOrder order, Disk disk, RunBook book, TimeProvider time, ILogger logger) : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    private readonly FirstTouches _touches = new(time);
    private readonly CancellationTokenSource _stop = new();
    private volatile RecordingProgress? _end;

    public RecordingOrder Order => order;

    public RecordingProgress Progress
    {
        get
        {
            if (_end is { } end) return end;
            FirstTouch[] touches = _touches.All;
            return Now(touches, touches.Length == 0 ? RecordingState.Waiting : RecordingState.Recording);
        }
    }

    /// <summary>Ends it now; what was noted is a run.</summary>
    public void Stop() => _stop.Cancel();

    public async Task RunAsync()
    {
        disk.Watch(_touches);
        try
        {
            while (!_stop.IsCancellationRequested && !RecordRule.HasEnded(_touches.Count, FirstTouches.Most, _touches.Quiet, order.Quiet))
                await Task.Delay(Interval, time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        finally
        {
            disk.Unwatch(_touches);
        }

        _end = Keep(_touches.All);
        RecordingLog.Ended(logger, order.Image, order.Version.Name, _end.State, _end.Blocks, _end.Runs, _end.Problem);
    }

    public void Dispose() => _stop.Dispose();

    private RecordingProgress Keep(FirstTouch[] touches)
    {
        if (touches.Length == 0) return Now(touches, RecordingState.Failed) with { Problem = "nothing was read meanwhile" };
        RecordedRun run = new([.. touches.Select(touch => touch.Block)], [.. touches.Select(touch => (long)touch.At.TotalMilliseconds)]);
        try
        {
            IReadOnlyList<RecordedRun> runs = book.Add(order.Version.Index!.Value, run, order.Fresh);
            return Now(touches, RecordingState.Done) with { Runs = runs.Count, Profile = ProfileMerge.Merge([.. runs.Select(one => one.Blocks)]) };
        }
        catch (UserError error)
        {
            return Now(touches, RecordingState.Failed) with { Problem = error.Message };
        }
    }

    private RecordingProgress Now(FirstTouch[] touches, RecordingState state) =>
        new(order.Image, order.Version.Name, state, touches.Length, touches.Length == 0 ? TimeSpan.Zero : touches[^1].At, 0, null, null);
}
