namespace OsCircular.TestKit.Programs;

/// <summary>A real opentracker on a loopback port; it serves only the groups it is told of.</summary>
public sealed class Opentracker : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private readonly TempDirectory _files = new();
    private readonly int _port = LoopbackPort.Free();
    private TestProcess? _process;

    private Opentracker()
    {
    }

    public string AnnounceUrl => $"http://127.0.0.1:{_port}/announce";

    /// <param name="groups">40 hex digits each, for its whitelist.</param>
    public static async Task<Opentracker> StartAsync(params IEnumerable<string> groups)
    {
        var tracker = new Opentracker();

        // As root it becomes an ordinary user and this folder its root.
        File.WriteAllLines(tracker._files["whitelist"], groups);
        File.SetUnixFileMode(tracker._files.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        tracker._process = TestProcess.Start("opentracker", ["-i", "127.0.0.1", "-p", $"{tracker._port}", "-d", tracker._files.Path, "-w", "whitelist"]);
        await LoopbackPort.WaitUntilOpenAsync(tracker._port, Limit);
        return tracker;
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null) await _process.DisposeAsync();
        _files.Dispose();
    }
}
