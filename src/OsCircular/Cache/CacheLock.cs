using System.Globalization;
using System.Text;
using OsCircular.Blocks;

namespace OsCircular.Cache;

/// <summary>
/// One process to a cache: a flock on <c>agent/lock</c>, which the kernel drops with the process however it ends.
/// The file holds the process id, for the message to the second comer; the id alone means nothing.
/// </summary>
public sealed class CacheLock : IDisposable
{
    private const int MaxText = 32;
    private int _descriptor;

    private CacheLock(int descriptor) => _descriptor = descriptor;

    /// <summary>Takes the lock.</summary>
    /// <param name="cache">For messages.</param>
    /// <param name="path">The lock file; made if absent.</param>
    /// <exception cref="UserError">Another process holds it, or the file cannot be opened.</exception>
    internal static CacheLock Take(string cache, string path)
    {
        // For reading, which a flock is content with: so a read-only file system gives the lock too, and one in use can be made read-only.
        int descriptor = LinuxFile.Open(path, LinuxFile.ReadOnly | LinuxFile.Create, 0x180);
        if (descriptor < 0) throw new UserError($"cache {cache}: cannot open {path}: {LinuxFile.LastErrorText}; check the folder's owner, or choose another with --cache");
        if (LinuxFile.TryLock(descriptor))
        {
            WriteOwner(path);
            return new CacheLock(descriptor);
        }

        int error = LinuxFile.LastError;
        string owner = ReadOwner(descriptor);
        LinuxFile.Close(descriptor);
        throw error == LinuxFile.EWOULDBLOCK
            ? new UserError($"cache {cache} is in use by process {owner}; stop that agent, or choose another cache with --cache")
            : new UserError($"cache {cache}: its file system gives no lock on {path} (errno {error}); choose a cache on a local file system with --cache");
    }

    private static string ReadOwner(int descriptor)
    {
        Span<byte> text = stackalloc byte[MaxText];
        int length = LinuxFile.Read(descriptor, text, 0);
        string owner = length > 0 ? Encoding.ASCII.GetString(text[..length]).Trim() : "";
        return int.TryParse(owner, NumberStyles.None, CultureInfo.InvariantCulture, out _) ? owner : "(unknown)";
    }

    // A failure here costs a name in a message, no more: on a read-only or full file system the lock still holds.
    private static void WriteOwner(string path)
    {
        int descriptor = LinuxFile.Open(path, LinuxFile.ReadWrite | LinuxFile.Truncate, 0);
        if (descriptor < 0) return;
        LinuxFile.Write(descriptor, Encoding.ASCII.GetBytes($"{Environment.ProcessId}\n"));
        LinuxFile.Close(descriptor);
    }

    public void Dispose()
    {
        int descriptor = Interlocked.Exchange(ref _descriptor, -1);
        if (descriptor < 0) return;
        LinuxFile.Unlock(descriptor);
        LinuxFile.Close(descriptor);
    }
}
