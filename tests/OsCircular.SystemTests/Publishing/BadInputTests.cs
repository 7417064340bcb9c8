using OsCircular.SystemTests.Faults;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.Publishing;

/// <summary>What a publisher may get wrong: one line that says what to do, a non-zero exit, and the repository as it was.</summary>
public sealed class BadInputTests : IAsyncLifetime
{
    private SmallRepository _small = null!;

    public async ValueTask InitializeAsync() => _small = await SmallRepository.CreateAsync(blocks: 8);

    public ValueTask DisposeAsync() => _small.DisposeAsync();

    [Fact(Timeout = 60_000)]
    public Task Image_Empty_IsRefused() => AssertRefusedAsync("empty", Publish(MakeImage(0), "other"));

    [Fact(Timeout = 60_000)]
    public Task Image_OddSize_IsRefusedAndPadIsNamed() => AssertRefusedAsync("--pad", Publish(MakeImage(1000), "other"));

    [Fact(Timeout = 60_000)]
    public async Task Image_OddSizeWithPad_IsPublished() => (await OsCircularProgram.RunAsync([.. Publish(MakeImage(1000), "other"), "--pad"])).MustSucceed();

    [Fact(Timeout = 60_000)]
    public Task Image_NotThere_IsNamed() => AssertRefusedAsync("nowhere.raw", Publish(Path.Combine(_small.Files, "nowhere.raw"), "other"));

    [Theory(Timeout = 60_000)]
    [InlineData("../evil")]
    [InlineData("Upper")]
    [InlineData("")]
    public Task Name_NotAllowed_IsRefused(string name) => AssertRefusedAsync("name", Publish(_small.Image, name));

    [Theory(Timeout = 60_000)]
    [InlineData("latest", "latest")]
    [InlineData("../2", "version")]
    [InlineData("1", "1")]
    public Task Version_NotAllowed_IsRefused(string version, string said) => AssertRefusedAsync(said, [.. Publish(Changed(), "small"), "--version", version]);

    [Fact(Timeout = 60_000)]
    public Task Key_NotThere_IsNamed() => AssertRefusedAsync("no-key", WithKey(Path.Combine(_small.Files, "no-key")));

    [Fact(Timeout = 60_000)]
    public async Task Key_Garbage_IsNamed()
    {
        string key = Path.Combine(_small.Files, "garbage-key");
        await File.WriteAllTextAsync(key, "untrusted comment: a key\nnot base64 at all\n");
        await AssertRefusedAsync("garbage-key", WithKey(key));
    }

    [Fact(Timeout = 60_000)]
    public async Task Key_OfAnotherRepository_IsRefused()
    {
        using TestRepository other = await TestRepository.CreateAsync();
        await AssertRefusedAsync("key", WithKey(other.SecretKey));
    }

    [Fact(Timeout = 60_000)]
    public async Task Index_Truncated_IsNamed()
    {
        string page = Directory.GetFiles(Path.Combine(_small.Repository.Folder, "indexes"))[0];
        await using (FileStream file = File.OpenWrite(page)) file.SetLength(file.Length / 2);
        await AssertRefusedAsync(Path.GetFileName(page), Publish(Changed(), "small"));
    }

    [Fact(Timeout = 60_000)]
    public async Task Keygen_FileIsThere_LeavesIt()
    {
        byte[] before = await File.ReadAllBytesAsync(_small.Repository.SecretKey);
        await AssertRefusedAsync(_small.Repository.SecretKey, ["keygen", "--out", _small.Repository.SecretKey, "--no-password"]);
        Assert.Equal(before, await File.ReadAllBytesAsync(_small.Repository.SecretKey));
    }

    private string[] Publish(string image, string name) => _small.Repository.PublishArguments(image, name);

    private string[] WithKey(string key) => ["publish", Changed(), "--repository", _small.Repository.Folder, "--name", "small", "--key", key];

    private string MakeImage(int bytes)
    {
        string path = Path.Combine(_small.Files, $"{bytes}.raw");
        File.WriteAllBytes(path, new byte[bytes]);
        return path;
    }

    private string Changed()
    {
        OsCircular.TestKit.Images.SyntheticImage.Change(_small.Image, seed: 9, 5);
        return _small.Image;
    }

    private async Task AssertRefusedAsync(string said, string[] arguments)
    {
        string before = await ListingAsync();
        Refusal.Assert(await OsCircularProgram.RunAsync(arguments), said);
        Assert.Equal(before, await ListingAsync());
    }

    private Task<string> ListingAsync() =>
        TestProcess.ShellAsync("cd \"$1\" && find . -type f -exec sha256sum {} + | sort", _small.Repository.Folder);
}
