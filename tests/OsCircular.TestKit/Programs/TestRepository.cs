namespace OsCircular.TestKit.Programs;

/// <summary>A publisher: a key pair and a repository, made by the program itself.</summary>
public sealed class TestRepository : IDisposable
{
    private readonly TempDirectory _files = new();

    public string Folder => _files["repository"];
    public string SecretKey => _files["key"];
    public string PublicKey => SecretKey + ".pub";
    public string HeadFile => Path.Combine(Folder, "head.minisig");

    public static async Task<TestRepository> CreateAsync()
    {
        var repository = new TestRepository();
        (await OsCircularProgram.RunAsync("keygen", "--out", repository.SecretKey, "--no-password")).MustSucceed();
        return repository;
    }

    /// <summary>The options of <c>publish</c> for one image in this repository.</summary>
    public string[] PublishArguments(string image, string name, params IEnumerable<string> options) =>
        ["publish", image, "--repository", Folder, "--name", name, "--key", SecretKey, .. options];

    public async Task<ProcessResult> PublishAsync(string image, string name, params IEnumerable<string> options) =>
        (await OsCircularProgram.RunAsync(PublishArguments(image, name, options))).MustSucceed();

    /// <summary>The block files of a repository or a cache.</summary>
    public static string[] BlockFiles(string folder) =>
        Directory.Exists(Path.Combine(folder, "blocks")) ? Directory.GetFiles(Path.Combine(folder, "blocks"), "*", SearchOption.AllDirectories) : [];

    public string[] BlockFiles() => BlockFiles(Folder);

    /// <summary>The newest manifest's path: the one that the head names.</summary>
    public string ManifestFile()
    {
        string comment = File.ReadLines(HeadFile).Single(line => line.StartsWith("trusted comment:", StringComparison.Ordinal));
        string digest = comment.Split(' ').Single(word => word.StartsWith("sha256:", StringComparison.Ordinal))["sha256:".Length..];
        return Path.Combine(Folder, "manifests", digest + ".json");
    }

    public void Dispose() => _files.Dispose();
}
