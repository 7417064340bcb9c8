using System.Security.Cryptography;
using LiteDB;
using Microsoft.Extensions.Logging;
using OsCircular.Blocks;

namespace OsCircular.Cache;

/// <summary>How far a loaded catalogue can be believed.</summary>
internal enum CatalogTrust
{
    /// <summary>There is none, or it is not what we wrote.</summary>
    None,

    /// <summary>It is one we wrote, but block files may have come and gone since: good for order and frequency.</summary>
    Stale,

    /// <summary>Nothing changed since it was written.</summary>
    Whole,
}

/// <summary>
/// <c>agent/catalog.db</c>: what is held, remembered across restarts in a LiteDB database. Derived: whatever happens to it costs a look through the folders.
/// Open only while it is loaded or written, and only when its bytes are those we left, so LiteDB never sees a damaged file; no exception of it leaves here.
/// Used by one task at a time.
/// </summary>
internal sealed class Catalog
{
    private const int KeptAside = 2;

    // LiteDB waits for the disk at each commit: one for each page takes twelve times as long. This many are 5 MB, which it holds in memory.
    private const int PagesInOneTransaction = 64;

    private readonly string _path;
    private readonly StateFile _markerFile;
    private readonly ILogger _logger;
    private CatalogMarker? _marker;

    public Catalog(CacheDirectory directory, ILogger logger)
    {
        _path = Path.Combine(directory.AgentPath, "catalog.db");
        _markerFile = directory.State("catalog.state", CatalogMarker.MaxLength);
        _logger = logger;
    }

    private string LogPath => Path.Combine(Path.GetDirectoryName(_path)!, "catalog-log.db");

    /// <summary>Reads the header, then every page in order.</summary>
    /// <param name="header">Called once, first.</param>
    /// <param name="page">A page's number and bytes; false where it is none. May have been called for some where the result is None.</param>
    /// <param name="stop">Ends it early, as <see cref="CatalogTrust.None"/>.</param>
    public CatalogTrust Load(Action<CatalogHeader> header, Func<int, byte[], bool> page, CancellationToken stop)
    {
        try
        {
            _marker = CatalogMarker.TryParse(_markerFile.TryRead(), out CatalogMarker marker) ? marker : null;
            if (!File.Exists(_path)) return CatalogTrust.None;
            string? fault = IsOurs() ? Read(header, page, stop) : "it is not as it was written";
            if (fault is null) return marker.Clean ? CatalogTrust.Whole : CatalogTrust.Stale;
            if (stop.IsCancellationRequested) return CatalogTrust.None;
            CacheLog.CatalogSetAside(_logger, fault);
            SetAside();
        }
        catch (Exception e)
        {
            CacheLog.CatalogUnreadable(_logger, e);
        }

        _marker = null;
        return CatalogTrust.None;
    }

    /// <summary>Says durably, before the first change, that the catalogue lags behind from now on.</summary>
    public void BeginChanges()
    {
        if (_marker is not { Clean: true } marker) return;
        try
        {
            Mark(marker with { Clean = false });
        }
        catch (IOException e)
        {
            CacheLog.CatalogUnwritable(_logger, e);
            Disown();
        }
    }

    /// <summary>Says that no catalogue is ours: what lies there belongs to the folder as it was.</summary>
    public void Disown()
    {
        _marker = null;
        try
        {
            _markerFile.Delete();
        }
        catch (IOException e)
        {
            // A full disk takes no new marker, but gives up the old one; a read-only one does neither, and then nothing changes.
            CacheLog.CatalogUnwritable(_logger, e);
        }
    }

    /// <summary>Whether the next <see cref="Write"/> must be given every page, for there is no catalogue of ours to change.</summary>
    public bool NeedsAll() => _marker is null || !TryIsOurs();

    /// <summary>Writes these pages and the header.</summary>
    /// <param name="header">With the number of all pages.</param>
    /// <param name="pages">Those that changed; all of them where <see cref="NeedsAll"/> said so.</param>
    /// <param name="all">Whether they are all: the database is then made anew.</param>
    /// <param name="clean">Whether nothing will change any more.</param>
    /// <returns>False where it could not be written; the next write must be given every page.</returns>
    public bool Write(CatalogHeader header, IEnumerable<(int Number, byte[] Bytes)> pages, bool all, bool clean)
    {
        try
        {
            if (all) Delete();
            using (LiteDatabase database = Open())
            {
                foreach ((int Number, byte[] Bytes)[] some in pages.Chunk(PagesInOneTransaction)) WritePages(database, some);
                database.GetCollection("header").Upsert(ToDocument(header));
            }

            File.Delete(LogPath);
            Mark(new CatalogMarker(clean, DigestOfFile()));
            return true;
        }
        catch (Exception e)
        {
            _marker = null;
            CacheLog.CatalogUnwritable(_logger, e);
            return false;
        }
    }

    private static void WritePages(LiteDatabase database, (int Number, byte[] Bytes)[] pages)
    {
        database.BeginTrans();
        ILiteCollection<BsonDocument> blocks = database.GetCollection("blocks");
        foreach ((int number, byte[] bytes) in pages) blocks.Upsert(new BsonDocument { ["_id"] = number, ["rows"] = bytes });
        database.Commit();
    }

    private string? Read(Action<CatalogHeader> header, Func<int, byte[], bool> page, CancellationToken stop)
    {
        // Left by a write that was killed; the database itself is as it was before that.
        File.Delete(LogPath);
        using LiteDatabase database = Open();
        if (FromDocument(database.GetCollection("header").FindById("header")) is not { } read) return "its header is of another version";
        header(read);
        ILiteCollection<BsonDocument> blocks = database.GetCollection("blocks");
        for (int number = 0; number < read.Pages && !stop.IsCancellationRequested; number++)
        {
            if (blocks.FindById(number)?["rows"] is not { IsBinary: true } rows || !page(number, rows.AsBinary)) return $"its page {number} cannot be read";
        }

        return stop.IsCancellationRequested ? "the agent ends" : null;
    }

    private LiteDatabase Open() => new(new ConnectionString { Filename = _path, Connection = ConnectionType.Direct }, new BsonMapper());

    private static BsonDocument ToDocument(CatalogHeader header) => new()
    {
        ["_id"] = "header",
        ["version"] = CatalogHeader.Version,
        ["pages"] = header.Pages,
        ["proofKey"] = header.ProofKey,
        ["counters"] = new BsonArray(header.Counters.Select(value => new BsonValue(value))),
    };

    private static CatalogHeader? FromDocument(BsonDocument? document)
    {
        if (document is null || !document["version"].IsInt32 || document["version"].AsInt32 != CatalogHeader.Version) return null;
        CatalogHeader header = new(document["pages"].AsInt32, document["proofKey"].AsBinary, [.. document["counters"].AsArray.Select(value => value.AsInt64)]);
        return header.Pages >= 0 && header.ProofKey.Length == CatalogHeader.ProofKeySize ? header : null;
    }

    private void Mark(CatalogMarker marker)
    {
        _markerFile.Write(marker.ToBytes());
        _marker = marker;
    }

    private bool IsOurs() => _marker is { } marker && DigestOfFile() == marker.Database;

    private bool TryIsOurs()
    {
        try
        {
            return IsOurs();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private Digest DigestOfFile()
    {
        using FileStream file = new(_path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        Span<byte> digest = stackalloc byte[Digest.Size];
        SHA256.HashData(file, digest);
        return new Digest(digest);
    }

    // The newest few are kept for whoever wants to know what happened.
    private void SetAside()
    {
        for (int number = KeptAside; number > 1; number--)
        {
            if (File.Exists(Aside(number - 1))) File.Move(Aside(number - 1), Aside(number), overwrite: true);
        }

        File.Move(_path, Aside(1), overwrite: true);
        File.Delete(LogPath);
    }

    private string Aside(int number) => $"{_path}.damaged-{number}";

    private void Delete()
    {
        File.Delete(_path);
        File.Delete(LogPath);
    }
}
