namespace OsCircular.TestKit.Programs;

/// <summary>A folder seen through a FUSE file system of another program (bindfs), which can be stopped: then every call on it hangs until it goes on.</summary>
public sealed class StoppableDisk : IAsyncDisposable
{
    private const int Stop = 19;
    private const int Continue = 18;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly TestProcess _process;

    private StoppableDisk(string path, TestProcess process)
    {
        Path = path;
        _process = process;
    }

    /// <summary>Where it is mounted.</summary>
    public string Path { get; }

    /// <param name="folder">For what it holds and its mount point.</param>
    public static async Task<StoppableDisk> CreateAsync(TempDirectory folder)
    {
        string path = folder.Folder("stoppable");
        StoppableDisk disk = new(path, TestProcess.Start("bindfs", ["-f", folder.Folder("below"), path]));
        await Eventually.IsSoAsync(() => File.ReadAllText("/proc/self/mounts").Contains($" {path} fuse", StringComparison.Ordinal));
        return disk;
    }

    public void Hang() => _process.Signal(Stop);

    public void GoOn() => _process.Signal(Continue);

    public async ValueTask DisposeAsync()
    {
        GoOn();
        await TestProcess.RunAsync("umount", ["-l", "-q", Path], Limit);
        await _process.DisposeAsync();
    }
}
