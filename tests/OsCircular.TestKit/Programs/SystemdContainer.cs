using System.Runtime.InteropServices;

namespace OsCircular.TestKit.Programs;

/// <summary>
/// A real systemd, as the first process of a container whose root is a disk image that stays as it is. What it mounts only it and those who look through <see cref="Inside"/> see; the network and
/// the kernel are this machine's. Needs root and systemd-nspawn.
/// </summary>
public sealed class SystemdContainer : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly TempDirectory _files = new();
    private TestProcess? _nspawn;
    private string _first = "";

    private SystemdContainer()
    {
    }

    /// <param name="image">An ext4 file system with systemd in it.</param>
    /// <param name="folders">Seen inside, not to be written to, each below the path that is its key.</param>
    /// <param name="files">Put in before the start: contents by path.</param>
    public static async Task<SystemdContainer> BootAsync(string image, IReadOnlyDictionary<string, string> folders, IReadOnlyDictionary<string, string> files)
    {
        SystemdContainer container = new();
        try
        {
            await container.StartAsync(image, folders, files);
            return container;
        }
        catch
        {
            await container.DisposeAsync();
            throw;
        }
    }

    /// <summary>Where .NET lies on this machine, for <c>/usr/share/dotnet</c> inside.</summary>
    public static string DotnetFolder => Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));

    /// <summary>How a path of the container is named outside.</summary>
    public string Inside(string path) => $"/proc/{_first}/root{path}";

    /// <summary>Runs a program inside, to its end.</summary>
    public Task<ProcessResult> RunAsync(params IEnumerable<string> command) => TestProcess.RunAsync("nsenter", ["-t", _first, "-m", "-u", "-i", "-n", "-p", .. command], Limit);

    /// <summary>One property of a unit.</summary>
    public async Task<string> ShowAsync(string unit, string property) => (await RunAsync("systemctl", "show", "--value", "-p", property, unit)).MustSucceed().Output.Trim();

    public async ValueTask DisposeAsync()
    {
        // Who kills a container's first process kills all in it.
        if (_first.Length > 0) await TestProcess.RunAsync("kill", ["-9", _first], Limit);
        if (_nspawn is not null)
        {
            await _nspawn.WaitForExitAsync(Limit);
            await _nspawn.DisposeAsync();
        }

        foreach (string mount in (string[])["root", "changes", "image"]) await TestProcess.RunAsync("umount", ["-l", "-q", _files[mount]], Limit);
        _files.Dispose();
    }

    private async Task StartAsync(string image, IReadOnlyDictionary<string, string> folders, IReadOnlyDictionary<string, string> files)
    {
        string root = _files.Folder("root");
        await TestProcess.ShellAsync(
            """
            mkdir "$2" "$3" && mount -o ro,loop,noload "$1" "$2" && mount -t tmpfs -o mode=755 tmpfs "$3" && mkdir "$3/upper" "$3/work"
            mount -t overlay -o "lowerdir=$2,upperdir=$3/upper,workdir=$3/work" overlay "$4"
            """,
            image, _files["image"], _files["changes"], root);
        foreach ((string path, string contents) in files)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(root + path)!);
            await File.WriteAllTextAsync(root + path, contents);
        }

        _nspawn = TestProcess.Start("systemd-nspawn", [
            "--quiet", "--register=no", "--keep-unit", "--directory", root, "--boot", "--console=pipe", "--capability=all", "--bind=/dev/fuse",
            .. folders.Select(folder => $"--bind-ro={folder.Value}:{folder.Key}")]);
        await Eventually.IsSoAsync(async () => (_first = await ChildAsync()).Length > 0 && (await RunAsync("systemctl", "is-active", "multi-user.target")).ExitCode == 0, () => Task.FromResult(_nspawn.Output + _nspawn.Errors));
    }

    private async Task<string> ChildAsync() => (await TestProcess.RunAsync("pgrep", ["-P", $"{_nspawn!.Id}"], Limit)).Output.Trim();
}
