using OsCircular.Blocks;
using OsCircular.Sources;

namespace OsCircular.Cache;

/// <summary>
/// The cache's folder, locked by this process: the repository's tree, beside <c>agent/</c> (private) and <c>tmp/</c> (emptied at start).
/// Disposing gives the lock up.
/// </summary>
public sealed class CacheDirectory : IDisposable
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode Shared = Private | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    private readonly CacheLock _lock;

    private CacheDirectory(string path, CacheLock cacheLock)
    {
        Path = path;
        _lock = cacheLock;
        Head = new StateFile(Of(RepositoryPaths.Head), RepositoryPaths.MaxHeadLength, TemporaryPath);
    }

    public string Path { get; }
    public string AgentPath => Of("agent");
    public string TemporaryPath => Of("tmp");
    public string BlocksPath => Of(RepositoryPaths.Blocks);

    /// <summary>The adopted head, as it was signed.</summary>
    public StateFile Head { get; }

    /// <summary>Opens a cache: makes what is absent, takes the lock, empties <c>tmp/</c>.</summary>
    /// <param name="path">The folder; it and its parents are made if absent.</param>
    /// <exception cref="UserError">Another process holds it, or it cannot be made or opened.</exception>
    public static CacheDirectory Open(string path)
    {
        string whole = System.IO.Path.GetFullPath(path);
        CacheLock? taken = null;
        try
        {
            Make(whole, Shared);
            Make(System.IO.Path.Combine(whole, "agent"), Private);
            taken = CacheLock.Take(whole, System.IO.Path.Combine(whole, "agent", "lock"));
            CacheDirectory opened = new(whole, taken);
            opened.Prepare();
            return opened;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            taken?.Dispose();
            throw new UserError($"cannot use {whole} as a cache: {e.Message}; choose a folder you may write to with --cache", e);
        }
    }

    /// <summary>A small durable file of this cache: <c>agent/NAME</c>.</summary>
    /// <param name="name">A plain file name.</param>
    /// <param name="maxLength">Bytes.</param>
    public StateFile State(string name, int maxLength) => new(System.IO.Path.Combine(AgentPath, name), maxLength, TemporaryPath);

    /// <summary>A path of the repository's tree within this cache.</summary>
    public string Of(string relative) => System.IO.Path.Combine(Path, relative);

    private void Prepare()
    {
        string[] folders = [RepositoryPaths.Manifests, RepositoryPaths.Indexes, RepositoryPaths.Profiles, RepositoryPaths.Blocks];
        foreach (string folder in folders) Make(Of(folder), Shared);
        Make(TemporaryPath, Private);
        Empty(TemporaryPath);
    }

    // What exists is left as it is, so that a cache on a read-only file system opens.
    private static void Make(string path, UnixFileMode mode)
    {
        if (!Directory.Exists(path)) Directory.CreateDirectory(path, mode);
    }

    private static void Empty(string folder)
    {
        try
        {
            foreach (string file in Directory.EnumerateFiles(folder)) File.Delete(file);
        }
        catch (IOException e) when (e.HResult == LinuxFile.EROFS)
        {
            // Nothing will be written there either.
        }
    }

    public void Dispose() => _lock.Dispose();
}
