using OsCircular.Cache.Repair;
using OsCircular.Sources;

namespace OsCircular.Cache;

/// <summary>The manifests, index pages and profiles of this cache: stored durably, verified on every read. Thread-safe.</summary>
public sealed class DocumentStore : IDocumentSource
{
    private readonly CacheDirectory _directory;
    private readonly BlockInventory _inventory;
    private readonly HeldNames _names;
    private readonly CacheRoom _room;
    private readonly CacheHealth _health;
    private readonly DamageBook _damage;
    private readonly HangWatch _hangs;
    private readonly DiskThreads _readers;
    private readonly DiskThreads _writers;
    private readonly Lock[] _slots = [.. Enumerable.Range(0, 16).Select(_ => new Lock())];

    internal DocumentStore(
        CacheDirectory directory, BlockInventory inventory, HeldNames names, CacheRoom room, CacheHealth health, DamageBook damage,
        HangWatch hangs, DiskThreads readers, DiskThreads writers)
    {
        _directory = directory;
        _inventory = inventory;
        _names = names;
        _room = room;
        _health = health;
        _damage = damage;
        _hangs = hangs;
        _readers = readers;
        _writers = writers;
    }

    /// <inheritdoc/>
    public ValueTask<FetchedDocument> FetchAsync(DocumentName name, Deadline deadline, CancellationToken cancellationToken) =>
        _health.MayRead() ? _readers.RunAsync(() => TryRead(name), SourceError.Unreachable) : new(SourceError.Unreachable);

    /// <inheritdoc cref="TryStore"/>
    internal ValueTask<bool> StoreAsync(DocumentName name, FetchedDocument document) =>
        _health.MayWrite() ? _writers.RunAsync(() => TryStore(name, document), otherwise: false) : default;

    /// <summary>Reads and verifies a document. A damaged one is removed, and counted, before this returns.</summary>
    /// <returns>The bytes, or Missing, Invalid (it was damaged) or Unreachable (the disk fails).</returns>
    public FetchedDocument TryRead(DocumentName name)
    {
        if (!_health.MayRead()) return SourceError.Unreachable;
        FetchedDocument read = Read(name);
        if (read.Error == SourceError.Invalid) SetAside(name);
        return read;
    }

    /// <summary>Whether a file of that name is there; not verified.</summary>
    public bool Holds(DocumentName name) => File.Exists(_directory.Of(name.Path));

    /// <summary>Stores a verified document, unless it is there. On true it survives a power loss.</summary>
    /// <param name="name">What the bytes were verified against.</param>
    /// <param name="document">A successful fetch of that name.</param>
    /// <returns>False where there is no room or the disk did not take it.</returns>
    public bool TryStore(DocumentName name, FetchedDocument document)
    {
        if (!document.Succeeded) throw new ArgumentException($"{name} was not fetched: {document.Error}.", nameof(document));
        bool healed;
        lock (SlotOf(name))
        {
            if (Holds(name)) return true;
            using CacheReservation? reservation = _room.TryReserve(document.Bytes.Length);
            if (reservation is null) return false;
            try
            {
                DurableFile.Write(_directory.Of(name.Path), Path.Combine(_directory.TemporaryPath, $"document-{name.Digest}"), document.Bytes.Span);
            }
            catch (IOException e)
            {
                _health.DiskFailed(e);
                return false;
            }

            _inventory.DocumentStored(reservation.Use());
            _names.DocumentStored(name);
            healed = _damage.Forget(name);
        }

        if (healed) _damage.TellHealed(name.Path, "peers or mirrors");
        _health.Written();
        return true;
    }

    private FetchedDocument Read(DocumentName name)
    {
        using DiskCall call = _hangs.Reads.Begin();
        try
        {
            using FileStream file = new(_directory.Of(name.Path), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            if (file.Length > name.MaxLength) return SourceError.Invalid;
            byte[] bytes = new byte[file.Length];
            int length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            return FetchedDocument.Verify(name, bytes.AsMemory(0, length));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return SourceError.Missing;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return SourceError.Unreachable;
        }
    }

    private void SetAside(DocumentName name)
    {
        bool isNews;
        lock (SlotOf(name))
        {
            // Another may have healed it since.
            if (Read(name).Error != SourceError.Invalid) return;
            FileInfo file = new(_directory.Of(name.Path));
            try
            {
                long length = file.Length;
                _damage.Folder.Take(name.Path);
                file.Delete();
                _inventory.DocumentRemoved(length);
                _names.DocumentRemoved(name);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                _health.DiskFailed(e);
            }

            isNews = _damage.Note(name);
        }

        if (isNews) _damage.TellDamaged(name.Path, "is not what its name says");
    }

    private Lock SlotOf(DocumentName name) => _slots[(uint)name.Digest.GetHashCode() % (uint)_slots.Length];
}
