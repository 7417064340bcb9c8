using OsCircular.Blocks;
using OsCircular.Library.Filling;
using OsCircular.Sources;

namespace OsCircular.Library.Pins;

/// <summary>The blocks that pins need, each counted once however many versions share it. Made by one task.</summary>
internal sealed class PinnedBlocks(IDocumentSource documents, TimeProvider time)
{
    /// <summary>For one page: somebody may wait for the answer.</summary>
    private static readonly TimeSpan PageLimit = TimeSpan.FromSeconds(30);

    private readonly HashSet<BlockName> _names = [];

    public IReadOnlySet<BlockName> Names => _names;

    /// <summary>Their stored bytes.</summary>
    public long Bytes { get; private set; }

    /// <summary>Adds what a target means.</summary>
    /// <returns>Why that cannot be told, in one clause; null: all of it was added.</returns>
    public async Task<string?> AddAsync(FillTarget target, CancellationToken cancellationToken)
    {
        (SourceError error, FillWalk? walk) = await FillWalk.BeginAsync(target, documents, Limit(), cancellationToken).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        if (walk is null) return $"the profile of {target} could not be had ({error.ToString().ToLowerInvariant()})";
        for (long at = 0; ; at++)
        {
            (error, at, BlockRow row) = await walk.FindAsync(at, Limit(), cancellationToken).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            if (error != SourceError.None) return $"a page of the index of {target} could not be had ({error.ToString().ToLowerInvariant()})";
            if (at >= walk.Places) return null;
            if (_names.Add(row.Name)) Bytes += row.StoredLength;
        }
    }

    private Deadline Limit() => Deadline.In(PageLimit, time);
}
