using System.Text.Json;
using OsCircular.TestKit;
using OsCircular.TestKit.Peers;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.Peers;

/// <summary><c>group id</c>, against the same computed a second time.</summary>
public sealed class GroupCommandTests
{
    [Fact(Timeout = 60_000)]
    public async Task GroupId_WithoutAKey_IsThatOfTheName()
    {
        string id = new GroupMember("room-7", null).Group.ToString();
        Assert.Equal($"{id}\n", (await OsCircularProgram.RunAsync("group", "id", "--group", "room-7")).MustSucceed().Output);
        using JsonDocument json = JsonDocument.Parse((await OsCircularProgram.RunAsync("group", "id", "--group", "room-7", "--json")).MustSucceed().Output);
        Assert.Equal(id, json.RootElement.GetProperty("id").GetString());
    }

    [Fact(Timeout = 60_000)]
    public async Task GroupId_WithAKey_IsAnotherAndTellsNothingOfTheKey()
    {
        using TempDirectory folder = new();
        string file = folder["group.key"];
        await File.WriteAllTextAsync(file, "a classroom's key, long enough\n", TestContext.Current.CancellationToken);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        ProcessResult result = (await OsCircularProgram.RunAsync("group", "id", "--group", "room-7", "--group-key", file)).MustSucceed();
        Assert.Equal($"{new GroupMember("room-7", await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken)).Group}\n", result.Output);
        Assert.DoesNotContain("classroom", result.Output + result.Errors, StringComparison.Ordinal);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("--group", "No Such Name")]
    [InlineData("--group-key", "/no/such/file")]
    public async Task GroupId_WrongNameOrNoFile_FailsAndSaysWhy(string option, string value)
    {
        ProcessResult result = await OsCircularProgram.RunAsync("group", "id", option, value);
        Assert.NotEqual(0, result.ExitCode);
        Assert.Empty(result.Output);
        Assert.Contains(value, result.Errors, StringComparison.Ordinal);
    }
}
