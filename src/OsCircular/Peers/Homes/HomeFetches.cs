using Microsoft.Extensions.Logging;
using OsCircular.Blocks;
using OsCircular.Sources;

namespace OsCircular.Peers.Homes;

/// <summary>
/// What this host fetches as home on behalf of others: each block once, however many ask and however often, and to its end, though the askers come and go
/// with every answer that says "working". Thread-safe.
/// </summary>
internal sealed class HomeFetches : IAsyncDisposable
{
    /// <summary>A block that takes longer was not to be had.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>Of all block files being fetched: anybody may name blocks of any length.</summary>
    public const long MaxKeptBytes = 64L << 20;

    private readonly HomeParts _parts;
    private readonly PeerOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _lock = new();

    // Guarded by _lock.
    private readonly Dictionary<(BlockName Name, int Length), (BlockRequest Request, Lazy<Task> Task)> _fetches = [];
    private long _keptBytes;
    private long _bytes;

    public HomeFetches(HomeParts parts, PeerOptions options, TimeProvider time, ILogger logger)
    {
        _parts = parts;
        _options = options;
        _time = time;
        _logger = logger;
    }

    /// <summary>Bytes of block files fetched because others asked.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <inheritdoc cref="IPeerDesk.FetchAsync(BlockName, int, FetchClass, bool, Memory{byte}, CancellationToken)"/>
    public async ValueTask<HomeAnswer> FetchAsync(
        BlockName name, int storedLength, FetchClass fetchClass, bool joinOnly, Memory<byte> destination, CancellationToken cancellationToken)
    {
        if (joinOnly ? !_parts.IsUnderWay(name) : !_parts.CanFetch()) return new HomeAnswer(joinOnly ? HomeAnswerKind.Missing : HomeAnswerKind.Refused);
        if (!joinOnly && !TryKeep(name, storedLength, fetchClass)) return new HomeAnswer(HomeAnswerKind.Refused);

        // Rides along with what is kept, in the asker's own buffer. It has the kept one's time and is cut short by the token: were it there first, the flight
        // would else have no more time than this asker.
        using var hold = new CancellationTokenSource(HomeTiming.Hold, _time);
        await using CancellationTokenRegistration asker = cancellationToken.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), hold);
        var request = new BlockRequest(name, storedLength, fetchClass, Deadline.In(Limit, _time));
        Fetched fetched = await _parts.Blocks.FetchAsync(request, destination, hold.Token).ConfigureAwait(false);
        if (fetched.Succeeded) return new HomeAnswer(HomeAnswerKind.Given, fetched.Block.Bytes);
        SourceError error = fetched.Error == SourceError.Cancelled && !cancellationToken.IsCancellationRequested ? SourceError.TimedOut : fetched.Error;
        return Answer(error, _parts.Estimate(fetchClass, storedLength));
    }

    /// <inheritdoc cref="IPeerDesk.FetchAsync(DocumentName, CancellationToken)"/>
    public async ValueTask<HomeAnswer> FetchAsync(DocumentName name, CancellationToken cancellationToken)
    {
        if (!_parts.CanFetch()) return new HomeAnswer(HomeAnswerKind.Refused);
        FetchedDocument fetched = await _parts.Documents.FetchAsync(name, Deadline.In(HomeTiming.Hold, _time), cancellationToken).ConfigureAwait(false);
        return fetched.Succeeded ? new HomeAnswer(HomeAnswerKind.Given, fetched.Bytes) : Answer(fetched.Error, HomeTiming.UnknownEstimate);
    }

    /// <summary>Cancels what is under way, and awaits it.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stopping.IsCancellationRequested) return;
        await _stopping.CancelAsync().ConfigureAwait(false);
        Lazy<Task>[] kept;
        lock (_lock) kept = [.. _fetches.Values.Select(fetch => fetch.Task)];
        await Task.WhenAll(kept.Select(fetch => fetch.Value)).ConfigureAwait(false);
        _stopping.Dispose();
    }

    // The asker's time is over, the fetch's is not.
    private static HomeAnswer Answer(SourceError error, TimeSpan estimate) => error switch
    {
        SourceError.TimedOut => new HomeAnswer(HomeAnswerKind.Working, Estimate: estimate),
        SourceError.Missing => new HomeAnswer(HomeAnswerKind.Missing),
        _ => new HomeAnswer(HomeAnswerKind.Refused),
    };

    private bool TryKeep(BlockName name, int storedLength, FetchClass fetchClass)
    {
        BlockRequest request;
        Lazy<Task> keeping;
        lock (_lock)
        {
            if (_stopping.IsCancellationRequested) return false;
            if (_fetches.TryGetValue((name, storedLength), out (BlockRequest Request, Lazy<Task> Task) fetch)) (request, keeping) = fetch;
            else if (_fetches.Count >= _options.MaxHomeFetches || _keptBytes + storedLength > MaxKeptBytes) return false;
            else
            {
                _keptBytes += storedLength;
                BlockRequest kept = request = new BlockRequest(name, storedLength, fetchClass, Deadline.In(Limit, _time));
                keeping = new Lazy<Task>(() => KeepAsync(kept));
                _fetches.Add((name, storedLength), (request, keeping));
            }
        }

        // Begun before any asker rides along, and not under the lock: it then outlives them all.
        _ = keeping.Value;
        request.RaiseTo(fetchClass);
        return true;
    }

    private async Task KeepAsync(BlockRequest request)
    {
        byte[] buffer = BlockBuffers.Shared.Rent(request.StoredLength);
        try
        {
            Fetched fetched = await _parts.Blocks.FetchAsync(request, buffer, _stopping.Token).ConfigureAwait(false);
            if (fetched.Succeeded) Interlocked.Add(ref _bytes, request.StoredLength);
        }
        catch (Exception defect)
        {
            _logger.TaskFailed(defect, "fetching as home");
        }
        finally
        {
            BlockBuffers.Shared.Return(buffer);
            lock (_lock)
            {
                _fetches.Remove((request.Name, request.StoredLength));
                _keptBytes -= request.StoredLength;
            }
        }
    }
}

/// <summary>What a home works with.</summary>
public sealed record HomeParts
{
    /// <summary>This host's way to a block as home: cache, holders, mirrors; never another home. One flight for a block.</summary>
    public required IBlockSource Blocks { get; init; }

    /// <summary>The same for documents.</summary>
    public required IDocumentSource Documents { get; init; }

    /// <summary>Whether a block is being fetched from a mirror at this moment.</summary>
    public required Func<BlockName, bool> IsUnderWay { get; init; }

    /// <summary>How long a fetch that begins now will take.</summary>
    public required Func<FetchClass, int, TimeSpan> Estimate { get; init; }

    /// <summary>Whether there is a mirror that may answer.</summary>
    public required Func<bool> CanFetch { get; init; }

    /// <summary>Reads a held block's own file and checks it; sets a damaged one aside.</summary>
    public required Func<BlockName, bool> Check { get; init; }
}
