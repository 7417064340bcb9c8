using OsCircular.TestKit.Programs;

namespace OsCircular.TestKit.Images;

/// <summary>
/// An ISO that installs a very small system by itself and turns the machine off; made once by <c>installer-iso.sh</c> and kept in <see cref="SourceTree.CacheFolder"/>. The
/// system boots by its own loader, says who it is, and then reads its files over and over.
/// </summary>
public static class InstallerIso
{
    /// <summary>What the installer prints at its end.</summary>
    public const string InstalledLine = "OSCIRCULAR-INSTALLED";

    /// <summary>What the system prints when it has booted; the number in /etc/oscircular-image and the kernel's version follow.</summary>
    public const string BootedLine = "OSCIRCULAR-SMALL";

    /// <summary>Where the file system begins on its disk, in bytes.</summary>
    public const int FileSystemOffset = 1 << 20;

    // The first one makes the Debian image, too.
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    /// <summary>What it prints where the file that it reads as the <paramref name="count"/>th has its digest.</summary>
    public static string ReadLine(int count) => $"OSCIRCULAR-READ {count} right";

    /// <summary>Its path; it is made where it is not there, and several callers at once wait for one.</summary>
    public static async Task<string> GetAsync()
    {
        ProcessResult made = await TestProcess.RunAsync(SourceTree.PathOf("tests/OsCircular.TestKit/Images/installer-iso.sh"), [SourceTree.CacheFolder], Limit);
        return made.MustSucceed().Output.Trim();
    }
}
