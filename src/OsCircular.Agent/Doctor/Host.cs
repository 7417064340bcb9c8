namespace OsCircular.Agent.Doctor;

/// <summary>What there is to know about a host.</summary>
public sealed record Host
{
    public required bool IsRoot { get; init; }
    public required bool HasFuseDevice { get; init; }
    public required bool CanOpenFuseDevice { get; init; }
    public required Version Kernel { get; init; }
    public required bool UserAllowOther { get; init; }

    /// <summary>The full path of a program, or null.</summary>
    public required Func<string, string?> FindProgram { get; init; }

    /// <summary>The host that this process runs on, looked at now.</summary>
    public static Host This => new()
    {
        IsRoot = Environment.IsPrivilegedProcess,
        HasFuseDevice = File.Exists("/dev/fuse"),
        CanOpenFuseDevice = CanOpen("/dev/fuse"),
        Kernel = Environment.OSVersion.Version,
        UserAllowOther = LinesOf("/etc/fuse.conf").Any(line => line.Trim() == "user_allow_other"),
        FindProgram = Find,
    };

    /// <summary>Whether this user may read and write it.</summary>
    internal static bool CanOpen(string path)
    {
        try
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.ReadWrite);
            return true;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static string[] LinesOf(string path)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static string? Find(string program)
    {
        // Debian keeps mke2fs and the like out of an ordinary user's PATH.
        string path = $"{Environment.GetEnvironmentVariable("PATH")}:/usr/sbin:/sbin";
        return path.Split(':', StringSplitOptions.RemoveEmptyEntries).Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
    }
}
