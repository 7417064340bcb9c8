using System.Diagnostics.CodeAnalysis;
using BitFaster.Caching.Lru;
using Microsoft.Extensions.Logging;
using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.Sources;

namespace OsCircular.Disks;

/// <summary>Index pages in memory, shared by all versions that share them; the others are fetched when first needed, each once however many wait.</summary>
internal sealed class IndexPages(IDocumentSource documents, OwnedTasks owned, TimeProvider time, ILogger logger, CancellationToken stopping)
{
    /// <summary>A page is at most 28 KiB, so this is at most 14 MiB: leaves for 64 GiB of disk in blocks of 256 KiB.</summary>
    private const int Capacity = 512;

    private readonly ConcurrentLru<Digest, IndexPage> _pages = new(Capacity);
    private readonly Dictionary<Digest, Task<SourceError>> _loading = [];
    private readonly Lock _gate = new();

    /// <summary>Allocates nothing.</summary>
    public bool TryGet(Digest digest, [NotNullWhen(true)] out IndexPage? page) => _pages.TryGet(digest, out page);

    /// <summary>A page, fetched where it is not in memory.</summary>
    /// <param name="digest">The page.</param>
    /// <param name="level">Its level in the tree.</param>
    /// <param name="blockSize">Bytes: the bound on the lengths its rows may tell.</param>
    /// <param name="deadline">When the asker stops waiting; others who wait for the same page are not bound by it.</param>
    /// <param name="cancellationToken">Ends the waiting, not the fetch: the next asker finds the page.</param>
    public async ValueTask<(SourceError Error, IndexPage? Page)> GetAsync(
        Digest digest, int level, int blockSize, Deadline deadline, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (TryGet(digest, out IndexPage? page)) return page.Level == level ? (SourceError.None, page) : (SourceError.Invalid, null);
            SourceError error;
            try
            {
                error = await JoinOrStart(digest, level, blockSize, deadline).WaitAsync(deadline.Remaining, time, cancellationToken).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                return (SourceError.TimedOut, null);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return (SourceError.Cancelled, null);
            }

            // Where it was another's time that ended, this asker goes on with its own.
            bool again = error == SourceError.None || (error == SourceError.TimedOut && !deadline.HasPassed);
            if (!again) return (error, null);
        }
    }

    private Task<SourceError> JoinOrStart(Digest digest, int level, int blockSize, Deadline deadline)
    {
        lock (_gate)
        {
            if (_loading.TryGetValue(digest, out Task<SourceError>? loading)) return loading;
            loading = FetchAsync(digest, level, blockSize, deadline);
            _loading.Add(digest, loading);
            owned.Add(loading);
            return loading;
        }
    }

    private async Task<SourceError> FetchAsync(Digest digest, int level, int blockSize, Deadline deadline)
    {
        // Out of the lock at once, and off the thread that asked: a source may look at the disk first.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            var name = new DocumentName(DocumentKind.IndexPage, digest);
            FetchedDocument fetched = await documents.FetchAsync(name, deadline, stopping).ConfigureAwait(false);
            if (!fetched.Succeeded) return fetched.Error;
            if (!IndexPage.TryParse(fetched.Bytes, level, blockSize, out IndexPage? page, out _)) return SourceError.Invalid;
            _pages.AddOrUpdate(digest, page);
            return SourceError.None;
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            Log.PageFetchThrew(logger, exception, digest);
            return SourceError.Unreachable;
        }
        finally
        {
            // It cannot come here before it was added: that happens under the same lock.
            lock (_gate) _loading.Remove(digest);
        }
    }
}
