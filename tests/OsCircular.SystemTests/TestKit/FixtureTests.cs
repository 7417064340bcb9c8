using OsCircular.TestKit;
using OsCircular.TestKit.Images;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.TestKit;

/// <summary>The fixtures by themselves: what they promise the other tests.</summary>
public sealed class FixtureTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    [Fact(Timeout = 60_000)]
    public async Task Process_ThatIsKilled_SaysWhatItWrote()
    {
        await using TestProcess process = TestProcess.Start("bash", ["-c", "echo out; echo err >&2; read x; exec sleep 100"], input: "");
        Assert.Equal("out", await process.WaitForOutputAsync("ou", Limit));
        Assert.Equal("err", await process.WaitForErrorAsync("er", Limit));
        process.Kill();
        ProcessResult result = await process.WaitForExitAsync(Limit);
        Assert.Equal(128 + 9, result.ExitCode);
        Assert.Equal("out\n", result.Output);
    }

    [Fact(Timeout = 60_000)]
    public async Task Process_WithoutTheLine_FailsWithWhatItSaid()
    {
        await using TestProcess process = TestProcess.Start("echo", ["something else"]);
        InvalidOperationException error = await Assert.ThrowsAsync<InvalidOperationException>(() => process.WaitForOutputAsync("ready", Limit));
        Assert.Contains("something else", error.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task Nginx_StoppedAndStarted_ServesTheSameUrl()
    {
        using var files = new TempDirectory();
        await File.WriteAllTextAsync(files["hello"], "world");
        await using Nginx nginx = await Nginx.StartAsync(files.Path);
        using var client = new HttpClient();
        var url = new Uri($"{nginx.Url}/hello");
        Assert.Equal("world", await client.GetStringAsync(url));

        await nginx.StopAsync();
        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync(url));

        await nginx.StartAsync();
        Assert.Equal("world", await client.GetStringAsync(url));
        Assert.Equal(2, nginx.Requests().Length);
    }

    [Fact(Timeout = 600_000)]
    public async Task DebianImage_PlainFile_BootsToMultiUser()
    {
        DebianImage debian = await DebianImage.GetAsync();
        using var files = new TempDirectory();
        await using Qemu guest = await Qemu.StartAsync(debian, debian.Version2, files.Path);
        Assert.Contains($"{DebianImage.MultiUserLine} 2", await guest.WaitForMultiUserAsync(), StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task SyntheticImage_SameSeed_IsTheSame()
    {
        using var files = new TempDirectory();
        SyntheticImage.Write(files["a"], 32, seed: 1);
        SyntheticImage.Write(files["b"], 32, seed: 1);
        Assert.Equal(await File.ReadAllBytesAsync(files["a"]), await File.ReadAllBytesAsync(files["b"]));
        SyntheticImage.Change(files["b"], seed: 2, 5);
        Assert.Equal("5", (await TestProcess.ShellAsync("{ cmp -l \"$1\" \"$2\" || true; } | awk '{ print int(($1 - 1) / 262144) }' | uniq", files["a"], files["b"])).Trim());
    }
}
