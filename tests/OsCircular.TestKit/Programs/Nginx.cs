namespace OsCircular.TestKit.Programs;

/// <summary>A real nginx on a loopback port that hands out one folder; it can be stopped and started again on the same port.</summary>
public sealed class Nginx : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private readonly TempDirectory _files = new();
    private readonly int _port = LoopbackPort.Free();
    private TestProcess? _process;

    private Nginx(string folder, string settings)
    {
        File.WriteAllText(_files["nginx.conf"], $$"""
            daemon off;
            {{(Environment.UserName == "root" ? "user root;" : "")}}
            worker_processes 1;
            pid {{_files["pid"]}};
            error_log {{_files["error.log"]}};
            events { worker_connections 512; }
            http {
                access_log {{_files["access.log"]}};
                client_body_temp_path {{_files["body"]}};
                proxy_temp_path {{_files["proxy"]}};
                fastcgi_temp_path {{_files["fastcgi"]}};
                uwsgi_temp_path {{_files["uwsgi"]}};
                scgi_temp_path {{_files["scgi"]}};
                server {
                    listen 127.0.0.1:{{_port}};
                    root {{folder}};
                    {{settings}}
                }
            }
            """);
    }

    public string Url => $"http://127.0.0.1:{_port}";

    /// <param name="folder">What it serves.</param>
    /// <param name="settings">Further nginx directives for its <c>server</c> block.</param>
    public static async Task<Nginx> StartAsync(string folder, string settings = "")
    {
        var nginx = new Nginx(folder, settings);
        await nginx.StartAsync();
        return nginx;
    }

    public async Task StartAsync()
    {
        _process = TestProcess.Start("nginx", ["-p", _files.Path, "-c", _files["nginx.conf"], "-e", _files["error.log"]]);
        await LoopbackPort.WaitUntilOpenAsync(_port, Limit);
    }

    /// <summary>Ends it; connections to its port are refused from then on.</summary>
    public async Task StopAsync()
    {
        if (_process is null) return;
        _process.Signal(TestProcess.Terminate);
        await _process.WaitForExitAsync(Limit);
        await _process.DisposeAsync();
        _process = null;
    }

    /// <summary>The requests answered so far, one line each in nginx's combined format.</summary>
    public string[] Requests() => File.Exists(_files["access.log"]) ? File.ReadAllLines(_files["access.log"]) : [];

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _files.Dispose();
    }
}
