using OsCircular.Blocks;
using OsCircular.Cache;
using OsCircular.Indexes;
using OsCircular.Indexes.Signing;
using OsCircular.Sources;

namespace OsCircular.Library.Carrying;

/// <summary>One import. Run once.</summary>
internal sealed class ImportJob(ImportParts parts, string path, ExportReader export, IProgress<CarryProgress>? progress) : IDisposable
{
    /// <summary>For what the head needs and the export does not yield: where there are mirrors or peers, they are asked.</summary>
    private static readonly TimeSpan AdoptLimit = TimeSpan.FromSeconds(30);

    /// <summary>After so many bytes what came is seen onto the disk, so that no sync takes long.</summary>
    private const long SyncEvery = 128L * 1024 * 1024;

    private readonly CarriedBlocks _blocks = new(parts.Cache, parts.Time);
    private readonly List<string> _damaged = [];
    private long _damagedCount, _documents, _blocksTaken, _bytesTaken, _held, _sinceSync;

    // What the versions can need at most, as the signed manifest says: nobody fills a cache with other things.
    private long _pagesLeft, _unknownBytesLeft;

    public async Task<ImportResult> RunAsync(bool allowExpired, CancellationToken cancellationToken)
    {
        // Before that nothing is kept, and all seems to be held.
        await parts.Cache.Loaded.WaitAsync(cancellationToken);
        (Head head, CarriedHead state) = await HeadAsync(allowExpired, cancellationToken);
        Manifest manifest = await ManifestAsync(head, cancellationToken);
        (VersionReference Name, ManifestVersion Version)[] versions = [.. export.Versions.Select(reference => Find(manifest, reference)).DistinctBy(found => found.Name)];
        if (state == CarriedHead.Older) RefuseUnlessOffered(versions, head);
        RefuseUnlessRoomFor(versions.Max(found => found.Version.StoredBytes), staying: 0, versions);

        // The index, down to the first block file.
        _pagesLeft = HeadLoader.RootsOf(manifest).Count + versions.Sum(found => PagesOf(found.Version));
        HashSet<Digest> profiles = [.. versions.Select(found => found.Version.Profile).OfType<Digest>()];
        ExportEntry? entry;
        while ((entry = await NextAsync(cancellationToken)) is { Block: null } document) await TakeDocumentAsync(document, profiles, cancellationToken);

        // Room for all of it, or nothing is begun.
        foreach ((_, ManifestVersion version) in versions) await _blocks.AddAsync(version, cancellationToken);
        RefuseUnlessRoomFor(_blocks.Bytes, _blocks.StayingBeside, versions);
        _unknownBytesLeft = _blocks.IsUnsure ? Math.Max(0, versions.Sum(found => found.Version.StoredBytes) - _blocks.Bytes) : 0;

        HeadRefusal? lack = state == CarriedHead.Adopted ? await AdoptAsync(head, allowExpired, cancellationToken) : null;
        for (; entry is { } file; entry = await NextAsync(cancellationToken))
        {
            if (file.Block is { } name) await TakeBlockAsync(file, name, cancellationToken);
            else await TakeDocumentAsync(file, profiles, cancellationToken);
        }

        await SyncAsync(cancellationToken);
        List<ImportedVersion> imported = [];
        foreach ((VersionReference name, ManifestVersion version) in versions) imported.Add(await _blocks.ReportAsync(name, version, cancellationToken));
        return new ImportResult(
            head.Repository.ToString(), head.Sequence, lack is null ? state : CarriedHead.NotYet, lack?.Message, imported,
            _documents, _blocksTaken, _bytesTaken, _held, _damaged, _damagedCount, export.Gaps, export.IsCut, export.FailedReads);
    }

    public void Dispose() => _blocks.Dispose();

    private async Task<(Head Head, CarriedHead State)> HeadAsync(bool allowExpired, CancellationToken cancellationToken)
    {
        if (await export.NextAsync(cancellationToken) is not { IsHead: true } entry || await ReadAsync(entry, cancellationToken) is not { } bytes)
            throw new UserError($"{path}: its head is damaged, and without it nothing in it can be believed; bring another copy", UserError.DamageFound);
        if (!Head.TryOpen(bytes, parts.Library.Current?.Head.Keys ?? KeyRing.Of(parts.Key), out Head? head, out HeadRefusal? refusal)) throw new UserError($"{path}: its head {refusal}");
        long known = parts.Library.Current?.Head.Sequence ?? 0;
        return parts.Library.Judge(head, allowExpired) switch
        {
            null => (head, known == head.Sequence ? CarriedHead.Known : CarriedHead.Adopted),
            { Reason: HeadRefusalReason.LowerSequence } when known > head.Sequence => (head, CarriedHead.Older),
            { Reason: HeadRefusalReason.Expired } expired => throw new UserError($"{path}: its head {expired}; or take it as it is: --allow-expired"),
            { } other => throw new UserError($"{path}: its head {other}"),
        };
    }

    // Second in the export; where it is damaged there, an earlier import may have brought it.
    private async Task<Manifest> ManifestAsync(Head head, CancellationToken cancellationToken)
    {
        DocumentName name = new(DocumentKind.Manifest, head.Manifest);
        FetchedDocument fetched = SourceError.Invalid;
        if (await export.NextAsync(cancellationToken) is { } entry && entry.Document == name && await ReadAsync(entry, cancellationToken) is { } bytes)
            fetched = FetchedDocument.Verify(name, bytes);
        if (!fetched.Succeeded)
        {
            AddDamaged(name.Path);
            fetched = await parts.Cache.Documents.FetchAsync(name, Deadline.In(AdoptLimit, parts.Time), cancellationToken);
            if (!fetched.Succeeded) throw new UserError($"{path}: its manifest is damaged, and without it nothing in it can be believed; bring another copy", UserError.DamageFound);
        }

        (Manifest? manifest, HeadRefusal? refusal) = HeadLoader.Check(head, fetched.Bytes.Span);
        if (manifest is null) throw new UserError($"{path}: its head {refusal}");
        await KeepAsync(name, fetched);
        return manifest;
    }

    private (VersionReference Name, ManifestVersion Version) Find(Manifest manifest, VersionReference reference) =>
        manifest.Find(reference) is { Retired: null } version
            ? (reference, version)
            : throw new UserError($"{path} says that it carries {reference}, which its manifest does not offer; it is not as it was written");

    private void RefuseUnlessOffered((VersionReference Name, ManifestVersion Version)[] versions, Head head)
    {
        AdoptedHead adopted = parts.Library.Current!;
        foreach ((VersionReference name, ManifestVersion version) in versions)
        {
            if (adopted.Manifest.Find(name) is { Retired: null } now && now.Index == version.Index && now.Geometry == version.Geometry) continue;
            throw new UserError($"{path} has sequence {head.Sequence}, lower than {adopted.Head.Sequence}, which was adopted before, and {name} is not on offer there any more: export it anew");
        }
    }

    private void RefuseUnlessRoomFor(long bytes, long staying, (VersionReference Name, ManifestVersion Version)[] versions)
    {
        CacheStatus status = parts.Cache.Status;
        long byQuota = status.Quota - status.DocumentBytes;
        long byDisk = parts.Cache.RoomOnDisk;
        string needs = $"{string.Join(", ", versions.Select(found => found.Name))}: {Mebibytes(bytes)} to hold";
        string beside = staying == 0 ? "" : $", {Mebibytes(staying)} of it taken by what is pinned or being filled";
        if (bytes > byQuota - staying)
            throw new UserError($"{needs}, but the cache holds {Mebibytes(byQuota)} at most, by its quota{beside}; give it a larger --quota{(staying == 0 ? "" : ", or unpin something")}");
        if (bytes > byDisk - staying)
            throw new UserError($"{needs}, but the cache's disk has room for {Mebibytes(Math.Max(0, byDisk))} besides {Mebibytes(status.FreeSpaceFloor)} that are kept free{beside}; make room there");
    }

    private async Task<HeadRefusal?> AdoptAsync(Head head, bool allowExpired, CancellationToken cancellationToken)
    {
        HeadRefusal? refusal = await parts.Library.AdoptAsync(head, allowExpired, AdoptLimit, cancellationToken);
        if (refusal is not null and not { Reason: HeadRefusalReason.Incomplete }) throw new UserError($"{path}: its head {refusal}");
        if (refusal is null && !parts.Library.Status.Saved) throw new UserError("the cache's disk does not take the head; look at its state with: oscircular status");
        return refusal;
    }

    private async Task TakeDocumentAsync(ExportEntry entry, HashSet<Digest> profiles, CancellationToken cancellationToken)
    {
        bool isWanted = entry.Document is { } name && (name.Kind == DocumentKind.IndexPage ? _pagesLeft-- > 0 : name.Kind == DocumentKind.Profile && profiles.Contains(name.Digest));
        if (!isWanted) throw new UserError($"{path}: {entry.Path} is nothing that its versions need, so it is not as it was written; nothing more is taken of it");
        if (parts.Cache.Documents.TryRead(entry.Document!.Value).Succeeded) return;
        FetchedDocument fetched = await ReadAsync(entry, cancellationToken) is { } bytes ? FetchedDocument.Verify(entry.Document.Value, bytes) : SourceError.Unreachable;
        if (fetched.Succeeded) await KeepAsync(entry.Document.Value, fetched);
        else AddDamaged(entry.Path);
    }

    private async Task KeepAsync(DocumentName name, FetchedDocument document)
    {
        if (parts.Cache.Documents.Holds(name)) return;
        if (!await parts.Cache.Documents.StoreAsync(name, document)) throw NoRoom();
        _documents++;
    }

    private async Task TakeBlockAsync(ExportEntry entry, BlockName name, CancellationToken cancellationToken)
    {
        bool isUnknown = !_blocks.Knows(name);
        if (!_blocks.IsMissing(name) && (!isUnknown || parts.Cache.Blocks.MayHold(name)))
        {
            _held++;
            return;
        }

        if (isUnknown && (_unknownBytesLeft -= entry.Length) < 0)
            throw new UserError($"{path}: {entry.Path} is nothing that its versions need, so it is not as it was written; nothing more is taken of it");
        byte[] buffer = BlockBuffers.Shared.Rent(entry.Length);
        try
        {
            bool isRead = await export.ReadAsync(entry, buffer, cancellationToken);
            if (isRead && StoredBlock.TryVerify(name, buffer.AsMemory(0, entry.Length), out StoredBlock block)) await KeepAsync(block, cancellationToken);
            else AddDamaged(entry.Path);
        }
        finally
        {
            BlockBuffers.Shared.Return(buffer);
        }
    }

    private async Task KeepAsync(StoredBlock block, CancellationToken cancellationToken)
    {
        using CacheReservation? room = await parts.Cache.Blocks.ReserveAsync(block.Bytes.Length);
        if (room is null || !await parts.Cache.Blocks.StoreAsync(block, room, SourceKind.Import)) throw NoRoom();
        _blocks.Came(block.Name);
        _blocksTaken++;
        _bytesTaken += block.Bytes.Length;
        _sinceSync += block.Bytes.Length;
        if (_sinceSync >= SyncEvery) await SyncAsync(cancellationToken);
    }

    // Elsewhere a block file that power cut short is fetched again. Where it was carried, the one who carried it may be gone.
    private async Task SyncAsync(CancellationToken cancellationToken)
    {
        _sinceSync = 0;
        if (!await parts.Cache.SyncAsync(cancellationToken)) throw new UserError("the cache's disk fails; look at its state with: oscircular status");
    }

    private async Task<ExportEntry?> NextAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ExportEntry? entry = await export.NextAsync(cancellationToken);
        progress?.Report(new CarryProgress(export.Position, export.Length));
        return entry;
    }

    private async Task<byte[]?> ReadAsync(ExportEntry entry, CancellationToken cancellationToken)
    {
        byte[] bytes = new byte[entry.Length];
        return await export.ReadAsync(entry, bytes, cancellationToken) ? bytes : null;
    }

    private void AddDamaged(string file)
    {
        if (_damagedCount++ < ImportResult.MaxListed) _damaged.Add(file);
    }

    private UserError NoRoom()
    {
        CacheStatus status = parts.Cache.Status;
        return new UserError(
            $"the cache takes nothing more: it holds {Mebibytes(status.BlockBytes + status.DocumentBytes)} of {Mebibytes(status.Quota)}, and its disk is {status.State.ToString().ToLowerInvariant()}; "
            + "what was taken stays, so make room, and run the import again to go on");
    }

    private static long PagesOf(ManifestVersion version)
    {
        IndexShape shape = new(version.Geometry);
        long pages = 0;
        for (int level = 0; level < shape.Levels; level++) pages += shape.PagesAt(level);
        return version.Index is null ? 0 : pages;
    }

    private static string Mebibytes(long bytes) => $"{(bytes + (1 << 20) - 1) >> 20} MiB";
}
