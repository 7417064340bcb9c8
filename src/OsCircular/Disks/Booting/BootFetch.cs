using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.Sources;

namespace OsCircular.Disks.Booting;

/// <summary>
/// Fetches by the profile, in its order, ahead of the guest that has begun to read: behind all that readers wait for, several blocks at once, passing
/// over what is held or the guest has asked for itself. What comes lies in the cache. Run once.
/// </summary>
internal sealed class BootFetch(BootParts parts, BootedDisk booted, ILogger logger)
{
    /// <summary>Nobody waits for it, so on a busy line a block may take long.</summary>
    private static readonly TimeSpan BlockLimit = TimeSpan.FromMinutes(5);

    private const int PagesAtOnce = 4;

    /// <summary>After so many failures one after the other there is no source, or no room; a single block of a full cache may merely have made room for the next.</summary>
    private const int MostFailures = 16;

    private readonly Lock _gate = new();

    // Guarded by _gate.
    private readonly HashSet<long> _fetched = [];
    private BootState _state = BootState.Fetching;
    private HashSet<long>? _profile;
    private string? _problem;
    private int _looked;
    private int _held;
    private int _failures;
    private long _bytes;

    public BootedDisk Booted => booted;

    /// <summary>What the guest has asked for; noted for as long as this watches the disk.</summary>
    public FirstTouches Touches { get; } = new(parts.Time);

    public BootProgress Progress
    {
        get
        {
            FirstTouch[] touches = Touches.All;
            lock (_gate)
            {
                return new BootProgress
                {
                    Image = booted.Image,
                    Version = booted.Version,
                    State = _state,
                    Blocks = _profile?.Count,
                    Looked = _looked,
                    Held = _held,
                    Fetched = _fetched.Count,
                    FetchedBytes = _bytes,
                    Used = touches.Count(touch => _fetched.Contains(touch.Block)),
                    Problem = _problem,
                };
            }
        }
    }

    public bool IsFetching
    {
        get
        {
            lock (_gate) return _state == BootState.Fetching;
        }
    }

    /// <summary>Lets what is in flight come, and fetches nothing more.</summary>
    public void Stop(string why) => End(BootState.Stopped, why);

    /// <summary>Runs until all is had or it is stopped; neither is an error here.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        try
        {
            // Before that nothing would be kept.
            await parts.CacheLoaded.WaitAsync(stopping).ConfigureAwait(false);
            if (await LoadAsync(stopping).ConfigureAwait(false) is not { } profile) return;
            BootLog.Begun(logger, booted, profile.Blocks.Count);
            Task pages = LoadPagesAsync(profile, stopping);
            Task blocks = Parallel.ForEachAsync(
                WantedAsync(profile, stopping),
                new ParallelOptions { MaxDegreeOfParallelism = BootRule.InFlight(booted.Disk.Geometry.BlockSize), CancellationToken = stopping },
                async (wanted, token) => await FetchAsync(wanted.Block, wanted.Row, token).ConfigureAwait(false));
            await Task.WhenAll(blocks, pages).ConfigureAwait(false);
            End(BootState.Done, null);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            Stop("the agent ends");
        }
        finally
        {
            // A defect, which is logged by whoever owns this task: the next opening may try again.
            End(BootState.Failed, "it failed in a way it should not; the agent's log says more");
            BootProgress end = Progress;
            BootLog.Ended(logger, booted, end.State, end.Fetched, end.FetchedBytes, end.Held, end.Problem ?? "none");
        }
    }

    private async Task<BootProfile?> LoadAsync(CancellationToken stopping)
    {
        DocumentName name = new(DocumentKind.Profile, booted.Profile);
        FetchedDocument fetched = await parts.Documents.FetchAsync(name, Limit(), stopping).ConfigureAwait(false);
        stopping.ThrowIfCancellationRequested();
        if (fetched.Succeeded && BootProfile.TryParse(fetched.Bytes.Span, booted.Disk.Geometry.BlockCount, out BootProfile? profile))
        {
            lock (_gate) _profile = [.. profile.Blocks];
            return profile;
        }

        string problem = fetched.Succeeded ? "the profile is damaged, or newer than this program" : $"the profile could not be had ({Word(fetched.Error)})";
        End(BootState.Failed, problem);
        return null;
    }

    // All of the index that is needed, several pages at once: one after the other would cost a slow line's way to and fro for each.
    private async Task LoadPagesAsync(BootProfile profile, CancellationToken stopping) => await Parallel.ForEachAsync(
        profile.Blocks.DistinctBy(block => IndexShape.PageOf(block, 0)),
        new ParallelOptions { MaxDegreeOfParallelism = PagesAtOnce, CancellationToken = stopping },
        async (block, token) => await booted.Disk.Index.LoadAsync(block, Limit(), token).ConfigureAwait(false)).ConfigureAwait(false);

    private async IAsyncEnumerable<(long Block, BlockRow Row)> WantedAsync(BootProfile profile, [EnumeratorCancellation] CancellationToken stopping)
    {
        HashSet<long> all = _profile!;
        long[] last = new long[BootRule.Window];
        foreach (long block in profile.Blocks)
        {
            if (BootRule.GoesElsewhere(last.AsSpan(0, Touches.CopyLast(last)), all)) Stop("the guest went elsewhere");
            if (!IsFetching) yield break;
            if (await FindAsync(block, stopping).ConfigureAwait(false) is not { } row) continue;
            bool wanted = row.StoredLength > 0 && !Touches.Contains(block) && !parts.IsHeld(row.Name);
            lock (_gate)
            {
                _looked++;
                if (!wanted) _held++;
            }

            if (wanted) yield return (block, row);
        }
    }

    private async ValueTask<BlockRow?> FindAsync(long block, CancellationToken stopping)
    {
        DiskIndex index = booted.Disk.Index;
        if (index.TryFind(block, out BlockRow row)) return row;
        SourceError error = await index.LoadAsync(block, Limit(), stopping).ConfigureAwait(false);
        stopping.ThrowIfCancellationRequested();
        if (error == SourceError.None && index.TryFind(block, out row)) return row;
        Missed($"a page of the index could not be had ({Word(error)})");
        return null;
    }

    private async Task FetchAsync(long block, BlockRow row, CancellationToken stopping)
    {
        byte[] buffer = BlockBuffers.Shared.Rent(row.StoredLength);
        try
        {
            BlockRequest request = new(row.Name, row.StoredLength, FetchClass.Profile, Limit());
            Fetched fetched = await parts.Blocks.FetchAsync(request, buffer, stopping).ConfigureAwait(false);
            stopping.ThrowIfCancellationRequested();
            if (!fetched.Succeeded) Missed($"block {row.Name} could not be had ({Word(fetched.Error)})");
            else if (parts.IsHeld(row.Name)) Took(block, row.StoredLength);
            else Missed("the cache keeps nothing more: its quota or its disk is full, or the disk takes no writes");
        }
        finally
        {
            BlockBuffers.Shared.Return(buffer);
        }
    }

    private void Took(long block, int storedLength)
    {
        lock (_gate)
        {
            _failures = 0;
            _bytes += storedLength;
            _fetched.Add(block);
        }
    }

    private void Missed(string problem)
    {
        lock (_gate)
        {
            _problem = problem;
            if (++_failures < MostFailures) return;
        }

        End(BootState.Failed, problem);
    }

    // The first end stands.
    private void End(BootState state, string? problem)
    {
        lock (_gate)
        {
            if (_state != BootState.Fetching) return;
            _state = state;
            _problem = problem ?? _problem;
        }
    }

    private Deadline Limit() => Deadline.In(BlockLimit, parts.Time);

    private static string Word(SourceError error) => error.ToString().ToLowerInvariant();
}
