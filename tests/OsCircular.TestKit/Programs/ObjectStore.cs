namespace OsCircular.TestKit.Programs;

/// <summary>
/// A store that speaks Amazon's S3, with one bucket that anyone may read: s3rver, from npm. <c>tests/run</c> installs it beside the Debian image.
/// </summary>
public sealed class ObjectStore : IAsyncDisposable
{
    private const string Bucket = "images";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private static readonly string Program = Path.Combine(
        Environment.GetEnvironmentVariable("XDG_CACHE_HOME") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"),
        "oscircular-tests/s3rver/node_modules/.bin/s3rver");

    private readonly TempDirectory _files = new();
    private readonly int _port = LoopbackPort.Free();
    private TestProcess? _process;

    private ObjectStore()
    {
    }

    /// <summary>The bucket's.</summary>
    public string Url => $"http://127.0.0.1:{_port}/{Bucket}";

    public static async Task<ObjectStore> StartAsync()
    {
        if (!File.Exists(Program)) throw new FileNotFoundException($"{Program} is missing: npm install --prefix ~/.cache/oscircular-tests/s3rver s3rver@3.7.1");
        var store = new ObjectStore();
        store._process = TestProcess.Start(Program, ["-d", store._files.Path, "-a", "127.0.0.1", "-p", $"{store._port}", "--configure-bucket", Bucket]);
        await LoopbackPort.WaitUntilOpenAsync(store._port, Limit);
        return store;
    }

    /// <summary>Puts a folder's files there, all that match, as a client of S3 does: each by itself, appearing whole.</summary>
    /// <param name="folder">Whose files.</param>
    /// <param name="find">Further arguments of find(1): which.</param>
    public Task PutAsync(string folder, string find) => TestProcess.ShellAsync(
        $"cd \"$1\" && find . -type f {find} -printf 'upload-file = \"%P\"\\nurl = \"$2/%P\"\\n' | sed \"s|\\$2|$2|\" >\"$3\" && curl -sS --fail --parallel -o /dev/null -K \"$3\"",
        folder, Url, _files["upload"]);

    public async ValueTask DisposeAsync()
    {
        if (_process is not null) await _process.DisposeAsync();
        _files.Dispose();
    }
}
