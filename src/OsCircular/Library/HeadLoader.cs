using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.Sources;

namespace OsCircular.Library;

/// <summary>Brings in hand what a head needs before it can be adopted: its manifest, and the index root of every version on offer.</summary>
internal sealed class HeadLoader(IDocumentSource documents)
{
    /// <summary>Roots fetched at a time; each is one small request.</summary>
    private const int Parallelism = 8;

    /// <summary>Fetches and verifies the manifest alone.</summary>
    public async Task<(Manifest? Manifest, HeadRefusal? Refusal)> LoadManifestAsync(Head head, Deadline deadline, CancellationToken cancellationToken)
    {
        FetchedDocument fetched = await documents.FetchAsync(new DocumentName(DocumentKind.Manifest, head.Manifest), deadline, cancellationToken);
        return fetched.Succeeded ? Check(head, fetched.Bytes.Span) : (null, Incomplete($"manifest {head.Manifest}", fetched.Error));
    }

    /// <summary>Verifies that these are the bytes of the manifest which a head signs, and that the two agree.</summary>
    public static (Manifest? Manifest, HeadRefusal? Refusal) Check(Head head, ReadOnlySpan<byte> bytes)
    {
        if (!head.Signs(bytes)) return (null, new HeadRefusal(HeadRefusalReason.WrongSignature, "has a wrong signature: it does not sign its manifest"));
        if (!Manifest.TryParse(bytes, out Manifest? manifest, out HeadRefusal? refusal)) return (null, refusal);
        if (manifest.Repository != head.Repository || manifest.Sequence > head.Sequence)
        {
            return (null, new HeadRefusal(HeadRefusalReason.Malformed, "and its manifest disagree on the repository's ID or the sequence"));
        }

        return (manifest, null);
    }

    /// <summary>Fetches the index roots that <paramref name="known"/> does not already have.</summary>
    public async Task<HeadRefusal?> LoadRootsAsync(Manifest manifest, Manifest? known, Deadline deadline, CancellationToken cancellationToken)
    {
        HashSet<Digest> wanted = RootsOf(manifest);
        if (known is not null) wanted.ExceptWith(RootsOf(known));
        HeadRefusal? refusal = null;
        ParallelOptions options = new() { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(wanted, options, async (root, token) =>
        {
            if (Volatile.Read(ref refusal) is not null) return;
            FetchedDocument fetched = await documents.FetchAsync(new DocumentName(DocumentKind.IndexPage, root), deadline, token);
            if (!fetched.Succeeded) Interlocked.CompareExchange(ref refusal, Incomplete($"index page {root}", fetched.Error), null);
        });
        return refusal;
    }

    /// <summary>The index roots that must be in hand before a manifest is adopted: of every version on offer.</summary>
    public static HashSet<Digest> RootsOf(Manifest manifest) =>
        [.. manifest.Images.SelectMany(image => image.Versions).Where(version => version.Retired is null).Select(version => version.Index).OfType<Digest>()];

    private static HeadRefusal Incomplete(string what, SourceError error) =>
        new(HeadRefusalReason.Incomplete, $"needs {what}, which could not be fetched ({error.ToString().ToLowerInvariant()}): the mirror may still be copying");
}
