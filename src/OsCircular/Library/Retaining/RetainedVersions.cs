using Microsoft.Extensions.Logging;
using OsCircular.Blocks;
using OsCircular.Cache;
using OsCircular.Indexes;
using OsCircular.Library.Filling;
using OsCircular.Sources;

namespace OsCircular.Library.Retaining;

/// <summary>
/// Keeps showing versions that left the manifest while somebody has them open, a pin keeps them, or the cache holds all of them; fills a retired one that is open while the mirrors
/// still have it. Remembered in <c>agent/retained.json</c>, so that an agent that takes the mount over means the same files. Thread-safe.
/// </summary>
public sealed class RetainedVersions : IAsyncDisposable
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan PageLimit = TimeSpan.FromMinutes(1);

    private readonly RetainParts _parts;
    private readonly StateFile _file;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _ending = new();
    private readonly SemaphoreSlim _wake = new(0, 1);
    private readonly Lock _gate = new();
    private readonly HashSet<RetainedVersion> _held = []; // guarded by _gate; looked through and found whole
    private readonly Dictionary<RetainedVersion, long> _filledAt = []; // when filling was last begun; used by the look only
    private readonly HashSet<(ImageName, VersionName)> _openBefore; // what the agent before this one knew to be open, or retained

    // Guarded by _gate.
    private Manifest _newest;
    private Manifest _shown;
    private IReadOnlyList<RetainedVersion> _retained;
    private Task _looking = Task.CompletedTask;

    /// <param name="parts">What it works with.</param>
    /// <param name="newest">The adopted manifest.</param>
    public RetainedVersions(RetainParts parts, Manifest newest, ILogger<RetainedVersions> logger)
    {
        _parts = parts;
        _logger = logger;
        _newest = newest;
        _file = parts.Cache.Directory.State(RetainParts.FileName, RetainParts.MaxLength);
        IReadOnlyList<RetainedVersion> before = Load();
        _openBefore = [.. before.Select(version => (version.Image, version.Version.Name))];
        _retained = [.. before.Where(version => newest.Find(version.Image)?.Find(version.Version.Name) is null)];
        _shown = RetainRule.Merge(newest, _retained, Now);
    }

    /// <summary>All that is to be shown: what the newest manifest has, and what is retained.</summary>
    public Manifest Shown
    {
        get
        {
            lock (_gate) return _shown;
        }
    }

    /// <summary>Retired versions that are open or retained.</summary>
    public IReadOnlyList<RetiredStatus> Status
    {
        get
        {
            lock (_gate)
            {
                return [.. _shown.Images.SelectMany(image => image.Versions
                    .Where(version => version.Retired is not null)
                    .Select(version => new RetiredStatus(
                        image.Name, version.Name, version.Retired!.Value, _newest.Find(image.Name)?.Find(version.Name) is null, IsOpen(image.Name, version.Name),
                        _held.Contains(new RetainedVersion(image.Name, version)))))
                    .Where(version => version.IsGone || version.IsOpen)];
            }
        }
    }

    /// <summary>Begins to look which of them are to stay. Until then all do.</summary>
    public void Start()
    {
        _parts.Filler.Ended += Wake;
        _looking = LookAsync();
    }

    /// <summary>Shows a newer manifest. What left it stays until it was looked whether it is to.</summary>
    public void Take(Manifest newest)
    {
        lock (_gate)
        {
            _retained = [.. RetainRule.LeftBehind(_shown, newest)];
            _newest = newest;
            ShowAndSave();
        }

        Wake();
    }

    public async ValueTask DisposeAsync()
    {
        _parts.Filler.Ended -= Wake;
        await _ending.CancelAsync();
        await _looking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _ending.Dispose();
        _wake.Dispose();
    }

    private DateTimeOffset Now => new(_parts.Time.GetUtcNow().Ticks / TimeSpan.TicksPerSecond * TimeSpan.TicksPerSecond, TimeSpan.Zero);

    private async Task LookAsync()
    {
        await _parts.Cache.Loaded.WaitAsync(_ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        while (!_ending.IsCancellationRequested)
        {
            try
            {
                await LookOnceAsync(_ending.Token);
            }
            catch (OperationCanceledException) when (_ending.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure)
            {
                _logger.RetainFailed(failure);
            }

            using CancellationTokenSource pause = new(LookEvery, _parts.Time);
            using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(pause.Token, _ending.Token);
            await _wake.WaitAsync(either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task LookOnceAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<RetainedVersion> retained, retired;
        lock (_gate)
        {
            retained = _retained;
            retired = [
                .. _newest.Images.SelectMany(image => image.Versions.Where(version => version.Retired is not null).Select(version => new RetainedVersion(image.Name, version)))];
        }

        HashSet<RetainedVersion> leaving = [];
        foreach (RetainedVersion version in retained)
        {
            bool isHeld = await IsHeldAsync(version, cancellationToken);
            if (!isHeld && !IsOpen(version.Image, version.Version.Name) && !_parts.IsPinned(version.Image, version.Version.Name)) leaving.Add(version);
        }

        if (leaving.Count > 0)
        {
            lock (_gate)
            {
                _retained = [.. _retained.Where(version => !leaving.Contains(version))];
                ShowAndSave();
            }

            foreach (RetainedVersion version in leaving) _logger.NotRetained(version.Image, version.Version.Name);
        }

        lock (_gate) Save();
        foreach (RetainedVersion version in retired)
        {
            if (IsOpen(version.Image, version.Version.Name) && !await IsHeldAsync(version, cancellationToken)) Fill(version);
        }
    }

    // Looked at whenever a filling has ended: one that failed is tried again at its time, and not at once.
    private void Fill(RetainedVersion version)
    {
        if (_filledAt.TryGetValue(version, out long at) && _parts.Time.GetElapsedTime(at) < LookEvery) return;
        _filledAt[version] = _parts.Time.GetTimestamp();
        _logger.RetiredIsOpen(version.Image, version.Version.Name, version.Version.Retired!.Value);
        if (version.Version.StoredBytes > _parts.Cache.Status.Quota) return;
        _parts.Filler.TryBegin(new FillTarget(version.Image, version.Version, ProfileOnly: false), () => IsOpen(version.Image, version.Version.Name));
    }

    private bool IsOpen(ImageName image, VersionName version) => _parts.IsOpen(image, version) || (_parts.WasTakenOver() && _openBefore.Contains((image, version)));

    private async Task<bool> IsHeldAsync(RetainedVersion retained, CancellationToken cancellationToken)
    {
        IndexWalk walk = new(retained.Version.Geometry, retained.Version.Index, _parts.Cache.Documents);
        bool isWhole = true;
        for (long at = 0; isWhole; at++)
        {
            (SourceError error, at, BlockRow row) = await walk.FindAsync(at, Deadline.In(PageLimit, _parts.Time), cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
            if (error == SourceError.None && at >= retained.Version.Geometry.BlockCount) break;
            isWhole = error == SourceError.None && _parts.Cache.Blocks.MayHold(row.Name);
        }

        lock (_gate)
        {
            if (isWhole) _held.Add(retained);
            else _held.Remove(retained);
        }

        return isWhole;
    }

    private void ShowAndSave()
    {
        _shown = RetainRule.Merge(_newest, _retained, Now);
        _parts.Show(_shown);
        Save();
    }

    // What is retained, and retired versions that are open: the agent that takes over has not seen them opened.
    private void Save()
    {
        RetainedVersion[] record = [
            .. _retained,
            .. _newest.Images.SelectMany(image => image.Versions
                .Where(version => version.Retired is not null && IsOpen(image.Name, version.Name))
                .Select(version => new RetainedVersion(image.Name, version)))];
        try
        {
            if (record.Length == 0) _file.Delete();
            else _file.Write(RetainRule.Merge(new Manifest(_newest.Repository, _newest.Sequence, []), record, Now).ToBytes());
        }
        catch (IOException e)
        {
            // Shown all the same; only the next agent will not know.
            _logger.RetainedNotSaved(e.Message);
        }
    }

    private IReadOnlyList<RetainedVersion> Load()
    {
        Manifest? manifest;
        try
        {
            if (_file.TryRead() is not { } bytes) return [];
            if (!Manifest.TryParse(bytes, out manifest, out HeadRefusal? refusal))
            {
                _logger.RetainedUnreadable(_file.Path, refusal.Message);
                return [];
            }
        }
        catch (UserError e)
        {
            _logger.RetainedUnreadable("agent/" + RetainParts.FileName, e.Message);
            return [];
        }

        return manifest.Repository != _newest.Repository
            ? []
            : [.. manifest.Images.SelectMany(image => image.Versions.Select(version => new RetainedVersion(image.Name, version)))];
    }

    private void Wake()
    {
        lock (_gate)
        {
            if (_wake.CurrentCount == 0) _wake.Release();
        }
    }
}
