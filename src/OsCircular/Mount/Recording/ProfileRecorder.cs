using Microsoft.Extensions.Logging;
using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.Library.Profiles;

namespace OsCircular.Mount.Recording;

/// <summary>Records what guests first touch while they boot, when told to. Each recording ends by itself when the guest has gone quiet. Thread-safe.</summary>
public sealed class ProfileRecorder : IAsyncDisposable
{
    /// <summary>Versions that are recorded, and those that were, of which is told.</summary>
    public const int MostTold = 16;

    /// <summary>How long to wait for the kernel to forget its pages; it waits for reads of them.</summary>
    private static readonly TimeSpan ForgetLimit = TimeSpan.FromSeconds(5);

    private readonly RecorderParts _parts;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();

    // Guarded by _gate; oldest first.
    private readonly List<(Recording Recording, Task Running)> _recordings = [];
    private bool _hasEnded;

    public ProfileRecorder(RecorderParts parts, ILogger<ProfileRecorder> logger)
    {
        _parts = parts;
        _logger = logger;
    }

    /// <summary>Begins to record, once the kernel has forgotten what it has of the disk; where that version is being recorded already, changes nothing.</summary>
    /// <param name="reference">Which version.</param>
    /// <param name="quiet">For how long nothing new must be read for the boot to be over.</param>
    /// <param name="fresh">Forget the runs before.</param>
    /// <exception cref="UserError">No such version is mounted, it is all zeros, or too many are recorded.</exception>
    public async Task<RecordingProgress> BeginAsync(VersionReference reference, TimeSpan quiet, bool fresh)
    {
        if (_parts.Find(reference) is not { } version || _parts.Files.Find(reference.Image, version.Name) is not { } mounted)
            throw new UserError($"{reference} is not mounted here; see: oscircular list");
        if (version.Index is null) throw new UserError($"{reference.Image}@{version.Name} is all zeros: there is nothing to record");
        await ForgetPagesAsync(mounted.Id).ConfigureAwait(false);
        lock (_gate)
        {
            if (_hasEnded) throw new UserError("the agent is ending; record with the next one");
            if (_recordings.Find(one => IsOf(one.Recording, reference.Image, version.Name)) is { Recording: { } known } before)
            {
                if (!before.Running.IsCompleted) return known.Progress;
                Forget(before);
            }

            if (_recordings.Count == MostTold)
            {
                if (_recordings.Find(one => one.Running.IsCompleted) is not { Recording: not null } ended)
                    throw new UserError($"{MostTold} versions are being recorded; wait for one of them");
                Forget(ended);
            }

            Recording recording = new(
                new RecordingOrder(reference.Image, version, quiet, fresh), mounted.Disk, _parts.Book(reference.Image, version.Name), _parts.Time, _logger);
            _recordings.Add((recording, Task.Run(recording.RunAsync)));
            RecordingLog.Begun(_logger, reference.Image, version.Name);
            return recording.Progress;
        }
    }

    /// <summary>How far a recording is; null where that version was not recorded.</summary>
    public RecordingProgress? Find(VersionReference reference) => Named(reference).Recording?.Progress;

    /// <summary>Ends a recording, and waits until its run is kept; null where that version was not recorded.</summary>
    public async Task<RecordingProgress?> EndAsync(VersionReference reference)
    {
        (Recording? recording, Task? running) = Named(reference, stop: true);
        if (recording is null) return null;
        await running!.ConfigureAwait(false);
        return recording.Progress;
    }

    public async ValueTask DisposeAsync()
    {
        (Recording Recording, Task Running)[] all;
        lock (_gate)
        {
            _hasEnded = true;
            all = [.. _recordings];
            foreach ((Recording recording, _) in all) recording.Stop();
        }

        await Task.WhenAll(all.Select(one => one.Running)).ConfigureAwait(false);
        foreach ((Recording recording, _) in all) recording.Dispose();
    }

    private static bool IsOf(Recording recording, ImageName image, VersionName version) => recording.Order.Image == image && recording.Order.Version.Name == version;

    // Of the newest, where no version is named: the last that was begun.
    private (Recording? Recording, Task? Running) Named(VersionReference reference, bool stop = false)
    {
        lock (_gate)
        {
            (Recording? recording, Task? running) = _recordings.FindLast(
                one => one.Recording.Order.Image == reference.Image && (reference.Version is not { } version || one.Recording.Order.Version.Name == version));
            if (stop && recording is not null && !_hasEnded) recording.Stop();
            return (recording, running);
        }
    }

    private void Forget((Recording Recording, Task Running) ended)
    {
        _recordings.Remove(ended);
        ended.Recording.Dispose();
    }

    // What the kernel has, it does not ask for. On a thread of its own, for it waits for reads that other threads answer.
    private async Task ForgetPagesAsync(ulong id)
    {
        Task forgetting = Task.Factory.StartNew(() => _parts.ForgetPages(id), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        try
        {
            await forgetting.WaitAsync(ForgetLimit, _parts.Time).ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            RecordingLog.NotForgotten(_logger, failure);
        }
    }
}

/// <summary>What recording works with; all of it outlives the <see cref="ProfileRecorder"/>.</summary>
public sealed record RecorderParts
{
    public required MountFileSystem Files { get; init; }

    /// <summary>The version meant; null where there is none.</summary>
    public required Func<VersionReference, ManifestVersion?> Find { get; init; }

    /// <summary>Where the runs of a version are kept.</summary>
    public required Func<ImageName, VersionName, RunBook> Book { get; init; }

    /// <summary>Has the kernel forget the pages of a file; may wait for reads.</summary>
    public required Action<ulong> ForgetPages { get; init; }

    public required TimeProvider Time { get; init; }
}
