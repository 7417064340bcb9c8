using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.Indexes.Signing;
using OsCircular.Publishing;

namespace OsCircular.Tests.Publishing;

/// <summary>Bad input: one line that names the thing and the next step, and nothing damaged.</summary>
public sealed class PublishRefusalTests : IDisposable
{
    private readonly PublishRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public async Task EmptyImage()
    {
        File.WriteAllBytes(_rig.Image, []);
        await AssertRefusedAsync(_rig.Options, "is empty");
        Assert.False(Directory.Exists(_rig.Repository));
    }

    [Fact]
    public async Task NoSuchImage_AndAFolder()
    {
        await AssertRefusedAsync(_rig.Options, "no such image");
        await AssertRefusedAsync(_rig.Options with { ImagePath = _rig.Folder }, "it is a folder");
    }

    [Fact]
    public async Task Pipe()
    {
        using var pipe = new System.IO.Pipes.AnonymousPipeServerStream();
        await AssertRefusedAsync(_rig.Options with { ImagePath = $"/proc/self/fd/{pipe.SafePipeHandle.DangerousGetHandle()}", TreatAsRaw = true }, "a pipe");
    }

    [Fact]
    public async Task SizeNoMultipleOf512_UnlessPadded()
    {
        File.WriteAllBytes(_rig.Image, [.. Enumerable.Repeat((byte)1, 700)]);
        await AssertRefusedAsync(_rig.Options, "--pad");
        PublishResult result = await _rig.PublishAsync(_rig.Options with { Pad = true });
        Assert.Equal(1024, result.Geometry.DiskSize);
        Assert.Equal([.. Enumerable.Repeat((byte)1, 700), .. new byte[324]], _rig.ReadBack("1"));
    }

    [Fact]
    public async Task VersionUsedBefore_NamesTheNextFree()
    {
        await PublishSomethingAsync();
        await AssertRefusedAsync(_rig.Options with { Version = VersionName.Parse("1") }, "next free number is 2");
        Assert.Throws<UserError>(() => VersionName.Parse("latest"));
    }

    [Theory]
    [InlineData(1000)]
    [InlineData(32 * 1024)]
    [InlineData(8 * 1024 * 1024)]
    public Task BlockSize(int size) => AssertRefusedAsync(_rig.Options with { BlockSize = size }, "power of two");

    [Fact]
    public Task Level() => AssertRefusedAsync(_rig.Options with { Level = 20 }, "zstd level");

    [Fact]
    public Task Expiry() => AssertRefusedAsync(_rig.Options with { ExpiresAfter = TimeSpan.FromDays(-1) }, "above zero");

    [Fact]
    public async Task AnotherKey_WithTheSameKeyIdToo()
    {
        await PublishSomethingAsync();
        await AssertRefusedAsync(_rig.Options with { Key = MinisignSecretKey.Generate() }, "another key");
        await AssertRefusedAsync(_rig.Options with { Key = new MinisignSecretKey(_rig.Key.PublicKey.KeyId, new byte[32]) }, "another key");
    }

    [Fact]
    public async Task FolderThatIsNoRepository()
    {
        PublisherTests.WriteImage(_rig.Image, [(1, 2, 1)], 0);
        Directory.CreateDirectory(_rig.Repository);
        File.WriteAllText(Path.Combine(_rig.Repository, "thesis.odt"), "");
        await AssertRefusedAsync(_rig.Options, "thesis.odt");
        Assert.Equal(["thesis.odt"], _rig.Files);
    }

    [Fact]
    public async Task SecondPublisherAtTheSameTime()
    {
        await PublishSomethingAsync();
        using (RepositoryWriter.Open(_rig.Repository, create: true)) await AssertRefusedAsync(_rig.Options, "another program is writing");
        Assert.True((await _rig.PublishAsync()).Unchanged);
    }

    [Fact]
    public async Task ImageThatChangesWhileItIsRead()
    {
        await PublishSomethingAsync();
        PublisherTests.WriteImage(_rig.Image, [(9, 2, 5)], 0);
        bool done = false;
        await Assert.ThrowsAsync<UserError>(() => _rig.PublishAsync(beforeStep: step =>
        {
            if (!step.StartsWith("write blocks", StringComparison.Ordinal) || done) return;
            done = true;
            using FileStream guest = File.OpenWrite(_rig.Image);
            guest.WriteByte(1);
            guest.Flush();
            File.SetLastWriteTimeUtc(guest.SafeFileHandle, new DateTime(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        }));
        Assert.Equal(1, _rig.State.Head.Sequence);
    }

    [Theory]
    [InlineData("head.minisig", "")]
    [InlineData("manifests", "not what the head signs")]
    [InlineData("indexes", "is not what its name says")]
    public async Task DamagedRepository(string which, string says)
    {
        await PublishSomethingAsync();
        string file = Path.Combine(_rig.Repository, _rig.Files.First(path => path.StartsWith(which, StringComparison.Ordinal)));
        File.WriteAllText(file, "garbage");
        await AssertRefusedAsync(_rig.Options, says);
        Assert.Equal("garbage", File.ReadAllText(file));
    }

    [Fact]
    public async Task MissingIndexPage()
    {
        await PublishSomethingAsync();
        File.Delete(Path.Combine(_rig.Repository, _rig.Files.First(path => path.StartsWith("indexes", StringComparison.Ordinal))));
        await AssertRefusedAsync(_rig.Options, "is missing");
    }

    [Fact]
    public async Task Sign_MakesTheNextHeadForTheSameManifest()
    {
        await PublishSomethingAsync();
        RepositoryState before = _rig.State;
        SignResult result = new Signer(_rig.Time).Sign(_rig.Repository, _rig.Key, TimeSpan.FromDays(7));
        Assert.Equal((2, new DateOnly(2026, 11, 8)), (result.Sequence, result.LastDay));
        Assert.Equal((2, before.Head.Manifest, result.LastDay), (_rig.State.Head.Sequence, _rig.State.Head.Manifest, _rig.State.Head.Comment.Expires));
        Assert.Equal(3, (await _rig.PublishAsync(_rig.Options with { Name = ImageName.Parse("b") })).Sequence);
    }

    [Fact]
    public async Task Sign_WithoutRepositoryOrKey_IsRefused()
    {
        var signer = new Signer(_rig.Time);
        Assert.Contains("no repository", Assert.Throws<UserError>(() => signer.Sign(_rig.Folder, _rig.Key, null)).Message, StringComparison.Ordinal);
        await PublishSomethingAsync();
        Assert.Throws<UserError>(() => signer.Sign(_rig.Repository, MinisignSecretKey.Generate(), null));
        Assert.Throws<UserError>(() => signer.Sign(_rig.Repository, _rig.Key, TimeSpan.Zero));
        Assert.Equal(1, _rig.State.Head.Sequence);
    }

    private async Task PublishSomethingAsync()
    {
        PublisherTests.WriteImage(_rig.Image, [(3, 2, 1)], 0);
        await _rig.PublishAsync();
    }

    private async Task AssertRefusedAsync(PublishOptions options, string says)
    {
        UserError error = await Assert.ThrowsAsync<UserError>(() => _rig.PublishAsync(options));
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }
}
