using OsCircular.TestKit;
using OsCircular.TestKit.Images;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.Debian;

/// <summary>Debian, published as version 1 of the image <c>debian</c>, served by nginx and mounted; shared by the tests of one collection.</summary>
public sealed class DebianFixture : IAsyncLifetime
{
    private readonly TempDirectory _files = new();

    public DebianImage Image { get; private set; } = null!;
    public TestRepository Repository { get; private set; } = null!;
    public Nginx Mirror { get; private set; } = null!;
    public MountedAgent Agent { get; private set; } = null!;

    /// <summary>A folder for what tests write.</summary>
    public string Files => _files.Path;

    public async ValueTask InitializeAsync()
    {
        Image = await DebianImage.GetAsync();
        Repository = await TestRepository.CreateAsync();
        await Repository.PublishAsync(Image.Version1, "debian");
        Mirror = await Nginx.StartAsync(Repository.Folder);
        Agent = await MountedAgent.StartAsync(Repository.PublicKey, [Mirror.Url], cache: null, "--refresh", "1s");
    }

    public async ValueTask DisposeAsync()
    {
        if (Agent is not null) await Agent.DisposeAsync();
        if (Mirror is not null) await Mirror.DisposeAsync();
        Repository?.Dispose();
        _files.Dispose();
    }
}

[CollectionDefinition("Debian")]
public sealed class DebianCollection : ICollectionFixture<DebianFixture>;
