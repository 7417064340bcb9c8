using System.Text;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.Faults;

/// <summary>Whoever is not the agent's owner gets nothing from it; and what the agent says to its owner holds no secret.</summary>
public sealed class SecretsTests
{
    private const string Password = "pass-Word-7f3a";
    private const string Key = "group-Secret-0123456789-0123456789";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Fact(Timeout = 120_000)]
    public async Task LogsAndStatus_OfMirrorsWithPasswordsAndAGroupKey_NameNoSecret()
    {
        await using SmallRepository small = await SmallRepository.CreateAsync(16);
        await using Nginx right = await Nginx.StartAsync(small.Repository.Folder);
        await using Nginx refusing = await Nginx.StartAsync(small.Repository.Folder, "location /blocks/ { return 401; }");
        string keyFile = Path.Combine(small.Files, "group.key");
        await File.WriteAllTextAsync(keyFile, Key);
        string[] mirrors = [.. new[] { refusing.Url, right.Url, $"http://127.0.0.1:{LoopbackPort.Free()}" }.Select(url => url.Replace("://", $"://user:{Password}@", StringComparison.Ordinal))];

        await using MountedAgent agent = await small.MountAsync(
            mirrors, null, "--peers", "on", "--listen", $"127.0.0.1:{LoopbackPort.Free()}", "--group-key", keyFile, "--log-level", "Trace", "--peer", $"127.0.0.1:{LoopbackPort.Free()}");
        await Disk.AssertSameAsync(small.Image, agent.DiskOf("small"));
        StringBuilder said = new();
        foreach (string command in (string[])["status", "peers"])
        {
            said.Append((await OsCircularProgram.RunAsync(command, "--cache", agent.Cache)).MustSucceed().Output);
            said.Append((await OsCircularProgram.RunAsync(command, "--cache", agent.Cache, "--json")).MustSucceed().Output);
        }

        said.Append((await OsCircularProgram.RunAsync("status", "--cache", agent.Cache)).MustSucceed().Output);
        ProcessResult end = await agent.UnmountAsync();
        said.Append(end.Output).Append(end.Errors);
        string all = said.ToString();
        Assert.Contains(right.Url, all, StringComparison.Ordinal);
        Assert.DoesNotContain(Password, all, StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToBase64String(Encoding.UTF8.GetBytes($"user:{Password}")), all, StringComparison.Ordinal);
        Assert.DoesNotContain(Key, all, StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToHexStringLower(Encoding.UTF8.GetBytes(Key)), all, StringComparison.OrdinalIgnoreCase);
    }

    [Fact(Timeout = 120_000)]
    public async Task ControlSocket_OfAnother_IsOutOfReach()
    {
        await using SmallRepository small = await SmallRepository.CreateAsync(16);
        await using MountedAgent agent = await small.MountAsync([small.Repository.Folder]);
        string socket = (await TestProcess.ShellAsync("find /run/oscircular -name control.sock -newer \"$1\"", small.Image)).Trim().Split('\n')
            .Single(path => TestProcess.ShellAsync("curl -s --unix-socket \"$1\" http://agent/status | grep -c \"$2\" || true", path, agent.Directory).GetAwaiter().GetResult().Trim() != "0");
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(socket));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.GetDirectoryName(socket)!));

        ProcessResult refused = await TestProcess.RunAsync("setpriv", ["--reuid", "65534", "--regid", "65534", "--clear-groups", "curl", "-sS", "--unix-socket", socket, "http://agent/status"], Limit);
        Assert.NotEqual(0, refused.ExitCode);
        Assert.DoesNotContain(agent.Directory, refused.Output, StringComparison.Ordinal);
    }
}
