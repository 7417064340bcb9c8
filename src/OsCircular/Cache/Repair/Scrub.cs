using System.Buffers.Binary;
using Microsoft.Extensions.Logging;
using OsCircular.Blocks;
using OsCircular.Sources;

namespace OsCircular.Cache.Repair;

/// <summary>
/// Looks at every file of the cache, one after the other, so slowly that nobody notices, and more slowly while somebody reads: what a disk loses of what is seldom
/// read is found while it can still be fetched again. A round is begun a week after the last began; its place survives a restart. What is damaged is set aside,
/// and left to be healed.
/// </summary>
internal sealed class Scrub(
    CacheDirectory directory, BlockStore blocks, DocumentStore documents, CacheCounters counters, CacheOptions options, TimeProvider time, ILogger logger)
{
    /// <summary>A start is busy enough.</summary>
    public static readonly TimeSpan StartDelay = TimeSpan.FromMinutes(1);

    public static readonly TimeSpan RoundInterval = TimeSpan.FromDays(7);

    // What a kill may make it look at twice.
    private static readonly TimeSpan KeepInterval = TimeSpan.FromMinutes(5);

    // The wall clock may be set meanwhile, so what is due is looked at, not waited for.
    private static readonly TimeSpan LookInterval = TimeSpan.FromHours(1);

    private readonly StateFile _file = directory.State(ScrubPlace.FileName, ScrubPlace.MaxLength);
    private readonly ScrubPace _pace = new(Math.Max(1, options.ScrubRate));
    private volatile ScrubPlace? _place;
    private long _keptAt;
    private long _seenReads;

    public ScrubStatus Status => _place is { } place
        ? new ScrubStatus(options.ScrubRate, place.Started, place.IsDone, Progress(place), place.Files, place.Bytes, place.Damaged)
        : new ScrubStatus(options.ScrubRate, null, false, 0, 0, 0, 0);

    /// <summary>Goes on until it is stopped; at once where the scrub is off.</summary>
    /// <param name="loaded">What is held is known.</param>
    /// <param name="stop">Ends it within a file's time.</param>
    public async Task RunAsync(Task loaded, CancellationToken stop)
    {
        if (options.ScrubRate == 0) return;
        _place = Load();
        await loaded.WaitAsync(stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.Delay(StartDelay, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        while (!stop.IsCancellationRequested)
        {
            try
            {
                if (_place is not { IsDone: false }) await DueAsync(stop).ConfigureAwait(false);
                await RoundAsync(stop).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
            }
            catch (Exception e)
            {
                CacheLog.ScrubFailed(logger, e, directory.Path);
                await Task.Delay(LookInterval, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        Keep();
    }

    private static double Progress(ScrubPlace place)
    {
        if (place.IsDone) return 1;
        return LeadingBytes(place.At) / 65536.0;
    }

    // Of 0 to 65535, and 0 before the first.
    private static int LeadingBytes(BlockName? name)
    {
        Span<byte> bytes = stackalloc byte[BlockName.Size];
        name.GetValueOrDefault().CopyTo(bytes);
        return BinaryPrimitives.ReadUInt16BigEndian(bytes);
    }

    private async Task DueAsync(CancellationToken stop)
    {
        while (_place is { } last && time.GetUtcNow() is var now && now >= last.Started && now - last.Started < RoundInterval)
            await Task.Delay(LookInterval, time, stop).ConfigureAwait(false);
        _place = ScrubPlace.Begin(time.GetUtcNow());
    }

    private async Task RoundAsync(CancellationToken stop)
    {
        _keptAt = time.GetTimestamp();
        _seenReads = Reads();
        for (int prefix = LeadingBytes(_place!.At) >> 8; prefix < 256; prefix++) await FolderAsync(prefix, stop).ConfigureAwait(false);
        foreach ((DocumentName? document, long length) in CacheScan.Documents(directory).ToArray())
        {
            if (document is { } name) await LookedAsync(documents.TryRead(name).Error, (int)Math.Min(length, int.MaxValue), at: null, stop).ConfigureAwait(false);
        }

        _place = _place with { At = null, IsDone = true };
        Keep();
        CacheLog.ScrubRound(logger, directory.Path, _place.Files, _place.Damaged);
    }

    // A folder's names at one time: 4,000 of a million blocks. Those that come meanwhile are fresh.
    private async Task FolderAsync(int prefix, CancellationToken stop)
    {
        BlockName[] names = [.. CacheScan.Blocks(directory.BlocksPath, prefix).Select(block => block.Name).Order()];
        foreach (BlockName name in names)
        {
            if (_place!.At is { } at && name.CompareTo(at) <= 0) continue;
            SourceError error = blocks.Check(name, pastPageCache: true, out int length);
            await LookedAsync(error, length, name, stop).ConfigureAwait(false);
        }
    }

    private async ValueTask LookedAsync(SourceError error, int length, BlockName? at, CancellationToken stop)
    {
        ScrubPlace place = _place!;
        _place = place with { At = at ?? place.At, Files = place.Files + 1, Bytes = place.Bytes + length, Damaged = place.Damaged + (error == SourceError.Invalid ? 1 : 0) };
        if (time.GetElapsedTime(_keptAt) >= KeepInterval) Keep();
        long reads = Reads();
        bool busy = reads != _seenReads;
        _seenReads = reads;
        TimeSpan wait = _pace.After(length, busy);
        if (wait > TimeSpan.Zero) await Task.Delay(wait, time, stop).ConfigureAwait(false);
        stop.ThrowIfCancellationRequested();
    }

    private long Reads() => counters[CacheCounter.Hits] + counters[CacheCounter.Misses];

    private ScrubPlace? Load()
    {
        try
        {
            return ScrubPlace.TryParse(_file.TryRead(), out ScrubPlace? place) ? place : null;
        }
        catch (UserError e)
        {
            CacheLog.ScrubPlaceNotKept(logger, e.Message);
            return null;
        }
    }

    private void Keep()
    {
        _keptAt = time.GetTimestamp();
        if (_place is not { } place) return;
        try
        {
            _file.Write(place.ToBytes());
        }
        catch (IOException e)
        {
            CacheLog.ScrubPlaceNotKept(logger, e.Message);
        }
    }
}
