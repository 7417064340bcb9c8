using OsCircular.Blocks;
using OsCircular.Sources;

namespace OsCircular.Cache;

/// <summary>
/// The cache's folder, locked by this process: the repository's tree, beside <c>agent/</c> (private) and <c>tmp/</c> (emptied at start).
/// Disposing gives the lock up. A folder that vanishes under a running agent is let go, and taken up again where it comes back: by one task, the cache's upkeep.
/// </summary>
public sealed class CacheDirectory : IDisposable
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode Shared = Private | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    private CacheLock _lock;

    // The folder itself, and those in it that are held open: what else could be at their paths is another cache, or none.
    private FileIdentity[] _identities = [];

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

    /// <summary>The name of the file in <c>agent/</c> that says what is pinned.</summary>
    public const string PinsFile = "pins.json";

    /// <summary>The adopted head, as it was signed.</summary>
    public StateFile Head { get; }

    /// <summary>Opens a cache: makes what is absent, takes the lock, empties <c>tmp/</c>.</summary>
    /// <param name="path">The folder; it and its parents are made if absent.</param>
    /// <exception cref="UserError">Another process holds it, or it cannot be made or opened.</exception>
    public static CacheDirectory Open(string path)
    {
        string whole = System.IO.Path.GetFullPath(path);
        CacheDirectory opened = new(whole, TakeLock(whole));
        try
        {
            opened.Prepare();
            return opened;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            opened.Dispose();
            throw Unusable(whole, e);
        }
    }

    /// <summary>Whether the folder that was opened is still the one at its path. Asks the disk.</summary>
    public bool IsThere() => _identities.AsSpan().SequenceEqual(Identify());

    /// <summary>Gives the lock up, for the folder is gone.</summary>
    public void LetGo() => _lock.Dispose();

    /// <summary>Takes the folder up again, where one is back in its place: as <see cref="Open"/> does.</summary>
    /// <param name="problem">What there is, and why it is not taken; null where nothing is there.</param>
    public bool TryReturn(out string? problem)
    {
        problem = null;
        if (!ReturnRule.MayReturn(_identities[0], Identity(Path), Identity(System.IO.Path.GetDirectoryName(Path) ?? "/"), File.Exists(LockOf(Path)))) return false;
        try
        {
            CacheLock taken = TakeLock(Path);
            _lock = taken;
            Prepare();
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or UserError)
        {
            _lock.Dispose();
            problem = e.Message;
            return false;
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
        _identities = [.. Identify()];
    }

    private FileIdentity[] Identify() => [Identity(Path) ?? default, Identity(BlocksPath) ?? default, Identity(TemporaryPath) ?? default];

    private static FileIdentity? Identity(string path) => LinuxFile.TryStat(path, followLink: true, out FileIdentity identity) ? identity : null;

    private static string LockOf(string path) => System.IO.Path.Combine(path, "agent", "lock");

    private static CacheLock TakeLock(string path)
    {
        try
        {
            Make(path, Shared);
            Make(System.IO.Path.Combine(path, "agent"), Private);
            return CacheLock.Take(path, LockOf(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unusable(path, e);
        }
    }

    private static UserError Unusable(string path, Exception cause) =>
        new($"cannot use {path} as a cache: {cause.Message}; choose a folder you may write to with --cache", cause);

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
