using System.Globalization;
using System.Text;
using OsCircular.Blocks;

namespace OsCircular.Cache;

/// <summary>
/// Where an agent's control socket lies: named by the cache's device and inode, so that every spelling of the cache's path leads to it,
/// and on another file system than the cache, so that it answers when the cache disk is gone. For then a link named by the path leads there too.
/// </summary>
public static class RuntimeDirectory
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>The runtime directory of a cache: <c>/run/oscircular/DEV-INODE</c> for root, below XDG_RUNTIME_DIR or <c>/tmp/oscircular-UID</c> for others. Not made here.</summary>
    /// <param name="cachePath">The cache's folder, which exists.</param>
    /// <exception cref="UserError">There is no such folder.</exception>
    public static string For(string cachePath) => Path.Combine(Base(), IdentityOf(cachePath));

    /// <summary>The runtime directory that was last made for a cache at this path, spelled as it was then; asks nothing of the cache's disk.</summary>
    /// <returns>Null where none was.</returns>
    public static string? LastAt(string cachePath) => new FileInfo(LinkOf(cachePath)).LinkTarget;

    /// <summary>Device and inode of a cache's folder, as text: the same for every spelling of its path, another for a copy of it.</summary>
    /// <exception cref="UserError">There is no such folder.</exception>
    public static string IdentityOf(string cachePath)
    {
        if (!LinuxFile.TryStat(cachePath, followLink: true, out FileIdentity cache))
            throw new UserError($"there is no cache at {cachePath}: {LinuxFile.LastErrorText}; name the folder that the agent was started with");
        return string.Create(CultureInfo.InvariantCulture, $"{cache.DeviceMajor:x}.{cache.DeviceMinor:x}-{cache.Inode:x}");
    }

    /// <summary>Makes it, private to this user.</summary>
    /// <exception cref="UserError">It cannot be made, or belongs to someone else, who could then answer in our name.</exception>
    public static string Make(string cachePath)
    {
        string path = For(cachePath);
        try
        {
            MakeOwn(Path.GetDirectoryName(path)!);
            MakeOwn(path);
            Link(LinkOf(cachePath), path);
            return path;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserError($"cannot make the runtime directory {path}: {e.Message}; set XDG_RUNTIME_DIR to a folder of your own", e);
        }
    }

    private static string Base()
    {
        if (LinuxFile.UserId() == 0) return "/run/oscircular";
        string? runtime = Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR");
        return string.IsNullOrEmpty(runtime) ? string.Create(CultureInfo.InvariantCulture, $"/tmp/oscircular-{LinuxFile.UserId()}") : Path.Combine(runtime, "oscircular");
    }

    private static string LinkOf(string cachePath) =>
        Path.Combine(Base(), $"at-{Digest.Of(Encoding.UTF8.GetBytes(Path.TrimEndingDirectorySeparator(Path.GetFullPath(cachePath)))).ToString()[..16]}");

    private static void Link(string link, string target)
    {
        if (new FileInfo(link).LinkTarget == target) return;
        File.Delete(link);
        File.CreateSymbolicLink(link, target);
    }

    private static void MakeOwn(string path)
    {
        if (!Directory.Exists(path)) Directory.CreateDirectory(path, Private);
        if (!LinuxFile.TryStat(path, followLink: false, out FileIdentity identity) || identity.Owner != LinuxFile.UserId())
            throw new UserError($"{path} belongs to another user; remove it, or set XDG_RUNTIME_DIR to a folder of your own");
        if (File.GetUnixFileMode(path) != Private) File.SetUnixFileMode(path, Private);
    }
}
