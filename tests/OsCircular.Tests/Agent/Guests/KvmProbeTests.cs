using OsCircular.Agent.Guests;
using OsCircular.TestKit;

namespace OsCircular.Tests.Agent.Guests;

public sealed class KvmProbeTests
{
    private static readonly string Qemu = QemuCommand.ProgramFor(System.Runtime.InteropServices.RuntimeInformation.OSArchitecture);

    // Under emulation, which works everywhere: the guest comes to its end.
    [Theory]
    [InlineData("max")]
    [InlineData("qemu64")]
    public async Task Run_Emulated_GuestEnds(string processor) =>
        Assert.Equal("", await new KvmProbe(Qemu, TimeSpan.FromSeconds(20)).RunAsync("tcg", processor, TestContext.Current.CancellationToken));

    [Fact]
    public async Task Run_GuestThatHangs_IsGivenUp()
    {
        // A program that takes any arguments and never ends stands for it.
        using TempDirectory files = new();
        File.WriteAllText(files["qemu"], "#!/bin/sh\nexec sleep 60 2>&-\n");
        File.SetUnixFileMode(files["qemu"], UnixFileMode.UserRead | UnixFileMode.UserExecute);
        Assert.Equal("a guest hangs under it", await new KvmProbe(files["qemu"], TimeSpan.FromMilliseconds(300)).RunAsync("kvm", "host", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Run_QemuFails_SaysWhy()
    {
        string fault = await new KvmProbe(Qemu, TimeSpan.FromSeconds(20)).RunAsync("nonsense", "max", TestContext.Current.CancellationToken);
        Assert.StartsWith("QEMU ended with 1: ", fault, StringComparison.Ordinal);
        Assert.StartsWith("/nowhere does not start", await new KvmProbe("/nowhere", TimeSpan.FromSeconds(1)).RunAsync("kvm", "host", TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ask_Again_AnswersWithoutAGuest()
    {
        if (!File.Exists("/dev/kvm")) return;
        using TempDirectory files = new();
        File.WriteAllText(files["qemu"], $"#!/bin/sh\necho >>{files["runs"]}\nexit 33\n");
        File.SetUnixFileMode(files["qemu"], UnixFileMode.UserRead | UnixFileMode.UserExecute);
        KvmProbe probe = new(files["qemu"], TimeSpan.FromSeconds(20));
        KvmAnswer first = await probe.AskAsync(files["sub/answer"], TestContext.Current.CancellationToken);
        KvmAnswer second = await probe.AskAsync(files["sub/answer"], TestContext.Current.CancellationToken);
        Assert.Equal(first, second);
        Assert.Single(File.ReadAllLines(files["runs"]));
    }
}
