using System.Net;
using System.Text.RegularExpressions;
using OsCircular.TestKit.Labs;

namespace OsCircular.TestKit.Programs;

/// <summary>A real nginx that hands out one folder, on a loopback port or on a host of a lab; it can be stopped and started again on the same port.</summary>
public sealed partial class Nginx : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private readonly TempDirectory _files = new();
    private readonly LabHost? _host;
    private readonly IPAddress _address;
    private readonly int _port;
    private TestProcess? _process;

    private Nginx(LabHost? host, string folder, string settings)
    {
        _host = host;
        _address = host?.Address ?? IPAddress.Loopback;
        // A host has all its ports to itself.
        _port = host is null ? LoopbackPort.Free() : 8080;
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
                    listen {{_address}}:{{_port}};
                    root {{folder}};
                    {{settings}}
                }
            }
            """);
    }

    public string Url => $"http://{_address}:{_port}";

    /// <param name="folder">What it serves.</param>
    /// <param name="settings">Further nginx directives for its <c>server</c> block.</param>
    public static Task<Nginx> StartAsync(string folder, string settings = "") => StartAsync(null, folder, settings);

    /// <param name="host">Where it runs; null: on loopback.</param>
    /// <inheritdoc cref="StartAsync(string, string)"/>
    public static async Task<Nginx> StartAsync(LabHost? host, string folder, string settings = "")
    {
        var nginx = new Nginx(host, folder, settings);
        await nginx.StartAsync();
        return nginx;
    }

    public async Task StartAsync()
    {
        string[] arguments = ["-p", _files.Path, "-c", _files["nginx.conf"], "-e", _files["error.log"]];
        _process = _host is null ? TestProcess.Start("nginx", arguments) : _host.Start("nginx", arguments);
        await (_host is null ? LoopbackPort.WaitUntilOpenAsync(_port, Limit) : _host.WaitUntilOpenAsync(_port, Limit));
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

    /// <summary>Who was given which block, oldest first.</summary>
    public (string Name, IPAddress Asker)[] BlocksGiven() =>
        [.. Requests().Select(line => BlockGiven().Match(line)).Where(match => match.Success).Select(match => (match.Groups[2].Value, IPAddress.Parse(match.Groups[1].Value)))];

    /// <summary>The same when it has written down that it gave at least so many: it does so after the last byte, and whoever has that may look first.</summary>
    public async Task<(string Name, IPAddress Asker)[]> BlocksGivenAsync(int atLeast)
    {
        await Eventually.IsSoAsync(() => Task.FromResult(BlocksGiven().Length >= atLeast), () => Task.FromResult($"of {atLeast} blocks {BlocksGiven().Length} were given"));
        return BlocksGiven();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _files.Dispose();
    }

    // The combined format: address - user [time] "GET path HTTP/1.1" status bytes ...
    [GeneratedRegex("""^(\S+) .*"GET /blocks/[0-9a-f]{2}/([0-9a-f]{40}) HTTP/1\.1" 20[06] """)]
    private static partial Regex BlockGiven();
}
