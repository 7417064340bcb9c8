using OsCircular.Cache;
using OsCircular.Indexes;
using OsCircular.Library.Filling;

namespace OsCircular.Library.Pins;

/// <summary>The task that looks after the pins.</summary>
public sealed partial class PinKeeper
{
    private async Task RunAsync()
    {
        bool mayRetry = true;
        for (long tried = _parts.Time.GetTimestamp(); !_ending.IsCancellationRequested;)
        {
            try
            {
                if (mayRetry) tried = _parts.Time.GetTimestamp();
                await TendAsync(mayRetry, _ending.Token).ConfigureAwait(false);

                // What is missing can be told only then; which blocks are pinned is to be known before.
                bool isLoaded = _parts.Cache.Loaded.IsCompleted;
                if (!isLoaded) await _parts.Cache.Loaded.WaitAsync(_ending.Token).ConfigureAwait(false);
                mayRetry = isLoaded && (await WaitAsync().ConfigureAwait(false) || _parts.Time.GetElapsedTime(tried) >= RefusedInterval);
            }
            catch (OperationCanceledException) when (_ending.IsCancellationRequested)
            {
            }
            catch (Exception failure)
            {
                PinLog.Failed(_logger, failure);
                mayRetry = false;
                await Task.Delay(Interval, _parts.Time, _ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <returns>Whether something happened before the time was over.</returns>
    private async Task<bool> WaitAsync()
    {
        try
        {
            await _wanted.Task.WaitAsync(Interval, _parts.Time, _ending.Token).ConfigureAwait(false);

            // Replaced before the look, so that what happens during it leads to one more.
            _wanted = New();
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private async Task TendAsync(bool mayRetry, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!Load()) return;
            if (!_isApplied && !await ApplyAsync(cancellationToken).ConfigureAwait(false)) return;
            foreach (Standing standing in _standings) await FollowAsync(standing, mayRetry, cancellationToken).ConfigureAwait(false);
            FillWhatIsMissing();
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task FollowAsync(Standing standing, bool mayRetry, CancellationToken cancellationToken)
    {
        ManifestVersion? target = PinRule.Target(standing.Pin, standing.Kept, _parts.Manifest());
        if (target is null)
        {
            Note(standing, "no version of it is on offer");
            return;
        }

        if (target.Name == standing.Next?.Name)
        {
            if (IsHeld(new FillTarget(standing.Pin.Reference.Image, target, standing.Pin.ProfileOnly), ProgressOf(Targets(standing).Last())))
                await ChangeAsync(standing, new Standing(standing.Pin, target), cancellationToken).ConfigureAwait(false);
            return;
        }

        // Kept already, though its retirement or its profile may be news.
        if (target.Name == standing.Kept?.Name)
        {
            if (target != standing.Kept || standing.Next is not null) await ChangeAsync(standing, new Standing(standing.Pin, target), cancellationToken).ConfigureAwait(false);
            else if (standing.Problem is not null) Replace(standing, standing with { Problem = null });
            return;
        }

        if (standing.Problem is null || mayRetry) await TakeUpAsync(standing, target, cancellationToken).ConfigureAwait(false);
    }

    // Beside the old one if there is room for both, else in its place, else not at all.
    private async Task TakeUpAsync(Standing standing, ManifestVersion target, CancellationToken cancellationToken)
    {
        Standing[] others = [.. _standings.Where(other => other != standing)];
        Standing instead = new(standing.Pin, target);
        Standing[] ways = standing.Kept is null ? [instead] : [new Standing(standing.Pin, standing.Kept, target), instead];
        string? problem = null;
        foreach (Standing way in ways)
        {
            (problem, PinnedBlocks? all) = await MeasureAsync(others, way, cancellationToken).ConfigureAwait(false);
            if (all is null) continue;
            Replace(standing, way, save: way.Kept != standing.Kept);
            Apply(all);
            PinLog.Follows(_logger, standing.Pin, Targets(way).Last().ToString());
            Fill(way);
            return;
        }

        Note(standing, problem!);
    }

    private async Task ChangeAsync(Standing standing, Standing changed, CancellationToken cancellationToken)
    {
        Replace(standing, changed, save: true);
        _isApplied = false;
        await ApplyAsync(cancellationToken).ConfigureAwait(false);
    }

    private void Note(Standing standing, string problem)
    {
        if (standing.Problem == problem) return;
        PinLog.NotKept(_logger, standing.Pin, problem);
        Replace(standing, standing with { Problem = problem });
    }

    private void Replace(Standing standing, Standing changed, bool save = false)
    {
        Standing[] standings = [.. _standings.Select(other => other == standing ? changed : other)];
        if (save) Change(standings);
        else _standings = standings;
    }

    /// <summary>Which blocks all of these need, and whether there is room for them.</summary>
    /// <returns>Why not, or the blocks.</returns>
    private async Task<(string? Problem, PinnedBlocks? All)> MeasureAsync(IEnumerable<Standing> others, Standing added, CancellationToken cancellationToken)
    {
        PinnedBlocks all = new(_parts.Documents, _parts.Time);
        foreach (FillTarget target in others.SelectMany(Targets))
        {
            if (await all.AddAsync(target, cancellationToken).ConfigureAwait(false) is { } problem) return (problem, null);
        }

        long before = all.Bytes;
        foreach (FillTarget target in Targets(added))
        {
            if (await all.AddAsync(target, cancellationToken).ConfigureAwait(false) is { } problem) return (problem, null);
        }

        // Looked at last: the pages just read take room too.
        CacheStatus cache = _parts.Cache.Status;
        string? refusal = PinRule.Refusal(Targets(added).Last(), all.Bytes - before, before, cache.Quota, cache.DocumentBytes + cache.KeptAside.Bytes, _parts.Cache.RoomOnDisk);
        return (refusal, refusal is null ? all : null);
    }

    private async Task<bool> ApplyAsync(CancellationToken cancellationToken)
    {
        PinnedBlocks all = new(_parts.Documents, _parts.Time);
        foreach (Standing standing in _standings)
        {
            foreach (FillTarget target in Targets(standing))
            {
                if (await all.AddAsync(target, cancellationToken).ConfigureAwait(false) is not { } problem) continue;
                Tell($"{problem}; until it is there, nothing that may be pinned is evicted");
                return false;
            }
        }

        Apply(all);

        // The quota may be smaller than it was when they were pinned, or not have been known then.
        CacheStatus cache = _parts.Cache.Status;
        long room = cache.Quota - cache.DocumentBytes - cache.KeptAside.Bytes;
        Tell(all.Bytes <= room
            ? null
            : $"together they need {Filler.Mebibytes(all.Bytes)}, but the quota has room for {Math.Max(0, room) >> 20} MiB: not all of it can be held; unpin something, or give the agent a larger --quota");
        return true;
    }

    private void Tell(string? trouble)
    {
        if (trouble is not null && trouble != _trouble) PinLog.Trouble(_logger, trouble);
        _trouble = trouble;
    }

    private void Apply(PinnedBlocks all)
    {
        _parts.Cache.Blocks.Pin(all.Names);
        _isApplied = true;
        _trouble = null;
    }

    // In rounds: the next begins when all of this one have ended, and not at once.
    private void FillWhatIsMissing()
    {
        if (!_parts.Cache.Loaded.IsCompleted || _parts.Cache.Blocks.PinnedAndMissing == 0) return;
        if (_filled is { } last && _parts.Time.GetElapsedTime(last) < Interval) return;
        if (_standings.SelectMany(Targets).Any(target => ProgressOf(target) is { HasEnded: false })) return;
        _filled = _parts.Time.GetTimestamp();
        foreach (Standing standing in _standings) Fill(standing);
    }

    private void Fill(Standing standing)
    {
        foreach (FillTarget target in Targets(standing)) _ = _filler.TryBegin(target, () => IsWanted(target));
    }
}
