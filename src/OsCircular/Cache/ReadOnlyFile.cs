using Microsoft.Win32.SafeHandles;

namespace OsCircular.Cache;

/// <summary>Opens files to be sent to others: what is not there is no exception, for peers ask for that all the time, and nothing is locked.</summary>
public static class ReadOnlyFile
{
    /// <returns>Null where there is no such file.</returns>
    /// <exception cref="IOException">It is there and cannot be opened.</exception>
    public static SafeFileHandle? Open(string path)
    {
        int descriptor = LinuxFile.Open(path, LinuxFile.ReadOnly, 0);
        if (descriptor >= 0) return new SafeFileHandle(descriptor, ownsHandle: true);
        return LinuxFile.LastError is LinuxFile.ENOENT or LinuxFile.ENOTDIR ? null : throw new IOException($"cannot open {path}: {LinuxFile.LastErrorText}");
    }
}
