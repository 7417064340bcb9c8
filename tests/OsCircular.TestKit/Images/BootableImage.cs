using OsCircular.TestKit.Programs;

namespace OsCircular.TestKit.Images;

/// <summary>
/// Debian on a disk that boots by its own loader, for BIOS and for UEFI; made once by <c>bootable-image.sh</c> and kept in <see cref="SourceTree.CacheFolder"/>. Not
/// to be written to. A guest that finds a second disk runs the script <c>run</c> on it, prints "OSCIRCULAR-JOB EXIT-CODE" and turns itself off.
/// </summary>
public sealed class BootableImage
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    private readonly string _folder;

    private BootableImage(string folder) => _folder = folder;

    public string Disk => Path.Combine(_folder, "disk.raw");

    /// <summary>Holds <c>kernel.deb</c>, a newer kernel, and <c>sample.deb</c>.</summary>
    public string Update => Path.Combine(_folder, "update");

    /// <summary>Finds it, or makes it; several callers at once wait for one.</summary>
    public static async Task<BootableImage> GetAsync()
    {
        ProcessResult made = await TestProcess.RunAsync(SourceTree.PathOf("tests/OsCircular.TestKit/Images/bootable-image.sh"), [SourceTree.CacheFolder], Limit);
        return new BootableImage(made.MustSucceed().Output.Trim());
    }

    /// <summary>Makes a second disk for a guest: these files, and the script to run.</summary>
    /// <param name="folder">For the disk.</param>
    /// <param name="files">A folder whose files go on it; they lie in /run/job.</param>
    /// <param name="script">A shell script; its first failure ends it.</param>
    public static async Task<string> MakeJobAsync(TempDirectory folder, string files, string script)
    {
        string content = folder.Folder("job"), disk = folder["job.img"];
        foreach (string file in Directory.EnumerateFiles(files)) File.Copy(file, Path.Combine(content, Path.GetFileName(file)));
        File.WriteAllText(Path.Combine(content, "run"), script);
        await TestProcess.ShellAsync("mke2fs -q -t ext4 -d \"$1\" \"$2\" 64M", content, disk);
        return disk;
    }
}
