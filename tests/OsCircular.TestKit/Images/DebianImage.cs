using OsCircular.TestKit.Programs;

namespace OsCircular.TestKit.Images;

/// <summary>
/// Debian as disk images, made once by <c>debian-image.sh</c> and kept in <see cref="SourceTree.CacheFolder"/>. Not to be written to.
/// </summary>
public sealed class DebianImage
{
    /// <summary>What a guest prints at multi-user; the image's number follows.</summary>
    public const string MultiUserLine = "OSCIRCULAR-MULTI-USER";

    // Debootstrap and two rounds of apt, over a slow line.
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    private readonly string _folder;

    private DebianImage(string folder) => _folder = folder;

    /// <summary>ext4 without partitions on a sparse 2 GiB disk: minbase, kernel, systemd.</summary>
    public string Version1 => Path.Combine(_folder, "v1.raw");

    /// <summary>The same file system after <c>apt-get install</c> of a few packages in it.</summary>
    public string Version2 => Path.Combine(_folder, "v2.raw");

    public string Kernel => Path.Combine(_folder, "vmlinuz");
    public string Initrd => Path.Combine(_folder, "initrd.img");

    /// <summary>Finds the images, or makes them; several callers at once wait for one.</summary>
    public static async Task<DebianImage> GetAsync()
    {
        ProcessResult made = await TestProcess.RunAsync(
            SourceTree.PathOf("tests/OsCircular.TestKit/Images/debian-image.sh"), [SourceTree.CacheFolder], Limit);
        return new DebianImage(made.MustSucceed().Output.Trim());
    }
}
