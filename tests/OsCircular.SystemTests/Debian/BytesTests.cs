using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.Debian;

/// <summary>Other people's programs agree that the mounted disk is the image and that the repository is what its format says.</summary>
[Collection("Debian")]
public sealed class BytesTests(DebianFixture debian)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    private string MountedDisk => debian.Agent.DiskOf("debian", "1");

    [Fact(Timeout = 200_000)]
    public Task Disk_ByCmp_IsTheImage() => Disk.AssertSameAsync(debian.Image.Version1, MountedDisk);

    [Fact(Timeout = 200_000)]
    public async Task Disk_ByQemuImg_IsTheImage() => await MustRunAsync("qemu-img", "compare", "-f", "raw", "-F", "raw", debian.Image.Version1, MountedDisk);

    [Fact(Timeout = 200_000)]
    public async Task Disk_ByE2fsck_IsAHealthyFileSystem() => await MustRunAsync("e2fsck", "-fn", MountedDisk);

    [Theory(Timeout = 200_000)]
    [InlineData("off")]
    [InlineData("on")]
    public async Task Disk_ThroughALoopDevice_ShowsTheSameFiles(string directIo)
    {
        // In a mount namespace of its own: whatever happens, the mounts end with the shell.
        const string Compare = """
            set -euo pipefail
            sums() { cd "$1/usr/bin" && find . -type f -print0 | sort -z | xargs -0 sha256sum; }
            loop=$(losetup --find --show --read-only --direct-io="$3" "$2"); trap 'umount "$4"; losetup -d "$loop"' EXIT
            mount -t ext4 -o ro,noload "$loop" "$4"
            mine=$(sums "$4")
            mkdir "$4.image"; mount -t ext4 -o loop,ro,noload "$1" "$4.image"
            [ "$mine" = "$(sums "$4.image")" ] && wc -l <<<"$mine"
            umount "$4.image"
            """;
        string folder = Directory.CreateDirectory(Path.Combine(debian.Files, $"loop-{directIo}")).FullName;
        ProcessResult files = await MustRunAsync("unshare", "--mount", "bash", "-c", Compare, "bash", debian.Image.Version1, MountedDisk, directIo, folder);
        Assert.InRange(int.Parse(files.Output), 100, 10_000);
    }

    [Fact(Timeout = 200_000)]
    public async Task BlockFiles_BySha1sum_HaveTheirNames()
    {
        string wrong = await TestProcess.ShellAsync(
            """find "$1/blocks" -type f -exec sha1sum {} + | awk '{ count++; name = $2; sub(".*/", "", name) } $1 != name { print $2 } END { print count " files" }'""",
            debian.Repository.Folder);
        Assert.Equal($"{debian.Repository.BlockFiles().Length} files\n", wrong);
    }

    [Fact(Timeout = 200_000)]
    public async Task Manifest_ByMinisign_IsSigned() =>
        await MustRunAsync("minisign", "-V", "-m", debian.Repository.ManifestFile(), "-x", debian.Repository.HeadFile, "-p", debian.Repository.PublicKey);

    private static async Task<ProcessResult> MustRunAsync(string program, params string[] arguments) =>
        (await TestProcess.RunAsync(program, arguments, Limit)).MustSucceed();
}
