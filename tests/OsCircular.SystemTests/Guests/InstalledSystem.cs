using OsCircular.TestKit;
using OsCircular.TestKit.Images;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.Guests;

/// <summary>A repository with the one version <c>small@1</c>, which an installer made from nothing with <c>vm install</c>.</summary>
public sealed class InstalledSystem : IAsyncLifetime
{
    public static readonly TimeSpan InstallLimit = TimeSpan.FromSeconds(240);

    private readonly TempDirectory _files = new();
    private TestRepository? _repository;

    /// <summary>Not to be written to.</summary>
    public TestRepository Repository => _repository ?? throw new InvalidOperationException("not installed yet");

    /// <summary>How the command ended that installed it.</summary>
    public ProcessResult Result { get; private set; } = null!;

    /// <summary>Where its disk was while it was installed.</summary>
    public string Disk => _files["small.qcow2"];

    /// <summary>The arguments that install it on a disk, and publish nothing.</summary>
    public static async Task<string[]> ArgumentsAsync(string disk) =>
        ["vm", "install", "small", "--iso", await InstallerIso.GetAsync(), "--size", "256MiB", "--disk", disk, .. Machine];

    /// <summary>A small guest, so that several find room beside each other, and emulated, so that it is one wherever the tests run.</summary>
    public static string[] Machine => ["--accel", "tcg", "--memory", "256MiB", "--cpus", "1", "--console", "serial"];

    public async ValueTask InitializeAsync()
    {
        _repository = await TestRepository.CreateAsync();
        await using TestProcess install = OsCircularProgram.Start([.. await ArgumentsAsync(Disk), "--repository", _repository.Folder, "--key", _repository.SecretKey]);
        Result = (await install.WaitForExitAsync(InstallLimit)).MustSucceed();
    }

    public ValueTask DisposeAsync()
    {
        _repository?.Dispose();
        _files.Dispose();
        return ValueTask.CompletedTask;
    }
}

/// <summary>One after the other, for each of their guests needs a processor; and on one installation.</summary>
[CollectionDefinition(Name)]
public sealed class InstalledSystemCollection : ICollectionFixture<InstalledSystem>
{
    public const string Name = "Installed system";
}
