using OsCircular.Sources;

namespace OsCircular.Cache;

/// <summary>Adds the cache to a source of documents: local first, else fetched and stored durably. A fault of the cache counts as a miss.</summary>
public sealed class CachedDocumentSource(DocumentStore store, IDocumentSource upstream) : IDocumentSource
{
    public async ValueTask<FetchedDocument> FetchAsync(DocumentName name, Deadline deadline, CancellationToken cancellationToken)
    {
        FetchedDocument local = await store.FetchAsync(name, deadline, cancellationToken).ConfigureAwait(false);
        if (local.Succeeded) return local;
        FetchedDocument fetched = await upstream.FetchAsync(name, deadline, cancellationToken).ConfigureAwait(false);

        // Kept if it can be; the asker has its document either way.
        if (fetched.Succeeded) _ = await store.StoreAsync(name, fetched).ConfigureAwait(false);
        return fetched;
    }

    public override string ToString() => $"cache -> {upstream}";
}
