using Microsoft.Win32.SafeHandles;
using OsCircular.Blocks;
using OsCircular.Sources;

namespace OsCircular.Publishing;

/// <summary>
/// A repository's folder, locked for one writer, and the only code that writes there. Files appear whole, by rename out of <c>tmp/</c>, which lives only
/// as long as the writer and is swept of what a killed one left. Storing may be called in parallel.
/// </summary>
internal sealed class RepositoryWriter : IDisposable
{
    private const UnixFileMode FileRights = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode FolderRights = FileRights | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
    private const string Temporary = "tmp";
    private const FileShare NoLock = FileShare.ReadWrite | FileShare.Delete; // else .NET locks and unlocks each file: two calls more

    private static readonly string[] OwnEntries =
        [RepositoryPaths.Blocks, RepositoryPaths.Indexes, RepositoryPaths.Manifests, RepositoryPaths.Profiles, RepositoryPaths.Head, Temporary];

    private readonly SafeFileHandle _folder;
    private readonly Action<string>? _beforeStep;
    private readonly bool[] _blockFolders = new bool[256];
    private long _temporaries;

    private RepositoryWriter(string root, SafeFileHandle folder, Action<string>? beforeStep)
    {
        Root = root;
        _folder = folder;
        _beforeStep = beforeStep;
    }

    public string Root { get; }

    /// <summary>Locks a repository, or the folder that is to become one.</summary>
    /// <param name="path">Created where it is missing and <paramref name="create"/> is set.</param>
    /// <param name="create">Whether an empty or missing folder will do.</param>
    /// <param name="beforeStep">For tests: told of each change to the file system before it is made; what it throws ends the writer.</param>
    /// <exception cref="UserError">No repository, or another program is writing there.</exception>
    public static RepositoryWriter Open(string path, bool create, Action<string>? beforeStep = null)
    {
        path = Path.GetFullPath(path); // once, rather than at each use of it
        if (create) MakeFolder(path, beforeStep);
        else if (!File.Exists(Path.Combine(path, RepositoryPaths.Head))) throw new UserError($"{path}: no repository here ({RepositoryPaths.Head} is missing); check the path.");

        SafeFileHandle folder = Linux.OpenFolder(path);
        try
        {
            if (!Linux.TryLock(folder)) throw new UserError($"{path}: another program is writing to this repository; wait until it is done and try again.");
            RefuseForeignFolder(path);
            var writer = new RepositoryWriter(path, folder, beforeStep);
            writer.RemoveTemporaries();
            return writer;
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    /// <returns>False where the file was there already, left by a publish that did not finish; it was then compared byte for byte.</returns>
    public bool StoreBlock(BlockName name, ReadOnlySpan<byte> blockFile)
    {
        string path = RepositoryPaths.Block(name);
        Span<byte> bytes = stackalloc byte[BlockName.Size];
        name.CopyTo(bytes);
        if (!Volatile.Read(ref _blockFolders[bytes[0]]))
        {
            MakeFolderOf(path);
            Volatile.Write(ref _blockFolders[bytes[0]], true);
        }

        return Store(path, blockFile, sync: false);
    }

    /// <inheritdoc cref="StoreBlock"/>
    public bool StoreDocument(DocumentName name, ReadOnlySpan<byte> document)
    {
        MakeFolderOf(name.Path);
        return Store(name.Path, document, sync: false);
    }

    /// <summary>Removes a block file, if it is there.</summary>
    public void RemoveBlock(BlockName name)
    {
        string path = RepositoryPaths.Block(name);
        Step($"remove {path}");
        File.Delete(Path.Combine(Root, path));
    }

    /// <summary>Removes a document, if it is there.</summary>
    public void RemoveDocument(DocumentName name)
    {
        Step($"remove {name.Path}");
        File.Delete(Path.Combine(Root, name.Path));
    }

    /// <summary>Makes everything stored so far durable.</summary>
    public void Sync()
    {
        Step("sync everything");
        Linux.SyncFileSystem(_folder, Root);
    }

    /// <summary>
    /// A publish that power cut short may leave its manifest torn. No head names it and none ever will, for the next one carries another time; a torn
    /// block file or page is written anew instead. Only manifests newer than the head can be such. To be called when the one that the head names was found good.
    /// </summary>
    public void RemoveTornManifests()
    {
        string folder = Path.Combine(Root, RepositoryPaths.Manifests);
        if (!Directory.Exists(folder)) return;
        string head = Path.Combine(Root, RepositoryPaths.Head);
        DateTime committed = File.Exists(head) ? File.GetLastWriteTimeUtc(head) : DateTime.MinValue;
        foreach (string path in Directory.EnumerateFiles(folder).Where(path => File.GetLastWriteTimeUtc(path) >= committed))
        {
            if (!Digest.TryParse(Path.GetFileNameWithoutExtension(path), out Digest digest)) continue;
            DocumentName name = new(DocumentKind.Manifest, digest);
            if (BoundedFile.TryRead(path, name.MaxLength) is { } bytes && Digest.Of(bytes) == digest) continue;
            Step($"remove {name.Path}");
            File.Delete(path);
        }
    }

    /// <summary>Makes everything stored so far durable, then puts the new head in place and makes that durable too.</summary>
    public void Commit(ReadOnlySpan<byte> head)
    {
        Sync();
        Store(RepositoryPaths.Head, head, sync: true);
        Step("sync the folder");
        Linux.Sync(_folder, Root);
    }

    /// <summary>A path in <c>tmp/</c> for a file that goes away with the writer.</summary>
    public string NewTemporary()
    {
        string folder = Path.Combine(Root, Temporary);
        if (!Directory.Exists(folder)) MakeFolder(folder, _beforeStep);
        return Path.Combine(folder, Interlocked.Increment(ref _temporaries).ToString("x"));
    }

    /// <summary>Removes <c>tmp/</c>, and unlocks.</summary>
    public void Dispose()
    {
        try
        {
            RemoveTemporaries();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The next writer sweeps it.
        }
        finally
        {
            _folder.Dispose();
        }
    }

    private bool Store(string relative, ReadOnlySpan<byte> bytes, bool sync)
    {
        string path = Path.Combine(Root, relative);
        if (Holds(path, bytes)) return false;
        string temporary = NewTemporary();
        Step($"create a file for {relative}");
        using (SafeFileHandle file = File.OpenHandle(temporary, FileMode.CreateNew, FileAccess.Write, NoLock))
        {
            File.SetUnixFileMode(file, FileRights);
            Step($"write {relative}");
            RandomAccess.Write(file, bytes, 0);
            if (sync) Linux.Sync(file, path);
            else Linux.StartWriteBack(file); // so that the sync at the end finds little left to do
        }

        Step($"rename {relative}");
        File.Move(temporary, path, overwrite: true);
        return true;
    }

    private static bool Holds(string path, ReadOnlySpan<byte> bytes)
    {
        if (!File.Exists(path)) return false;
        byte[] held = BlockBuffers.Shared.Rent(bytes.Length);
        using SafeFileHandle file = File.OpenHandle(path);
        bool same = RandomAccess.GetLength(file) == bytes.Length
            && RandomAccess.Read(file, held.AsSpan(0, bytes.Length), 0) == bytes.Length
            && bytes.SequenceEqual(held.AsSpan(0, bytes.Length));
        BlockBuffers.Shared.Return(held);
        return same;
    }

    private void MakeFolderOf(string relative)
    {
        for (int slash = relative.IndexOf('/'); slash >= 0; slash = relative.IndexOf('/', slash + 1))
        {
            string folder = Path.Combine(Root, relative[..slash]);
            if (!Directory.Exists(folder)) MakeFolder(folder, _beforeStep);
        }
    }

    private static void MakeFolder(string path, Action<string>? beforeStep)
    {
        if (Directory.Exists(path)) return;
        beforeStep?.Invoke($"create the folder {path}");
        Directory.CreateDirectory(path);
        File.SetUnixFileMode(path, FolderRights); // whatever the umask says: a web server is to read it
    }

    private void RemoveTemporaries()
    {
        string folder = Path.Combine(Root, Temporary);
        if (!Directory.Exists(folder)) return;
        Step("remove what is temporary");
        Directory.Delete(folder, recursive: true);
    }

    // A folder with something else in it is a mistake in --repository more likely than a wish.
    private static void RefuseForeignFolder(string path)
    {
        if (File.Exists(Path.Combine(path, RepositoryPaths.Head))) return;
        string? foreign = Directory.EnumerateFileSystemEntries(path).Select(Path.GetFileName).FirstOrDefault(name => !OwnEntries.Contains(name));
        if (foreign is not null) throw new UserError($"{path}: neither a repository nor empty ({foreign} lies there); give a new folder.");
    }

    private void Step(string what) => _beforeStep?.Invoke(what);
}
