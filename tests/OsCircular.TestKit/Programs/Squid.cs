namespace OsCircular.TestKit.Programs;

/// <summary>A real squid on a loopback port, in front of one web server: a site's cache.</summary>
public sealed class Squid : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly TempDirectory _files = new();
    private readonly int _port = LoopbackPort.Free();
    private TestProcess? _process;

    private Squid()
    {
    }

    public string Url => $"http://127.0.0.1:{_port}";

    /// <param name="origin">The web server's URL, with its port.</param>
    public static async Task<Squid> StartAsync(string origin)
    {
        var squid = new Squid();
        Uri server = new(origin);

        // As root it becomes an ordinary user, who is to write here.
        File.SetUnixFileMode(squid._files.Path, (UnixFileMode)Convert.ToInt32("777", 8));
        File.WriteAllText(squid._files["squid.conf"], $"""
            http_port 127.0.0.1:{squid._port} accel defaultsite={server.Authority} no-vhost
            cache_peer {server.Host} parent {server.Port} 0 no-query originserver name=origin
            http_access allow all
            cache_mem 256 MB
            maximum_object_size_in_memory 8 MB
            pid_filename {squid._files["pid"]}
            access_log stdio:{squid._files["access.log"]}
            cache_log {squid._files["cache.log"]}
            coredump_dir {squid._files.Path}
            visible_hostname site
            shutdown_lifetime 0 seconds
            """);
        squid._process = TestProcess.Start("squid", ["-N", "-f", squid._files["squid.conf"]]);
        await LoopbackPort.WaitUntilOpenAsync(squid._port, Limit);
        return squid;
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null) await _process.DisposeAsync();
        _files.Dispose();
    }
}
