using System.Net;
using OsCircular.Agent.Guests;
using OsCircular.TestKit;
using OsCircular.TestKit.Programs;

namespace OsCircular.Tests.Agent.Guests;

public sealed class LibvirtDomainTests
{
    public static TheoryData<int> Each => [0, 1, 2, 3, 4];

    private static readonly GuestSpec[] Guests =
    [
        GuestSamples.ThrownAway,
        GuestSamples.Kept,
        GuestSamples.Rich,
        GuestSamples.Rich with { Architecture = GuestSamples.Arm64, Forwards = [new PortForward(IPAddress.Any, 80, 80, Udp: false)] },
        GuestSamples.Kept with { Overlay = "/a <b> & \"c\".qcow2" },
    ];

    [Theory]
    [MemberData(nameof(Each))]
    public async Task XmlOf_Guest_IsValidForLibvirt(int guest)
    {
        using TempDirectory files = new();
        File.WriteAllText(files["guest.xml"], LibvirtDomain.XmlOf(Guests[guest]));
        ProcessResult seen = await TestProcess.RunAsync("virt-xml-validate", [files["guest.xml"], "domain"], TimeSpan.FromSeconds(30));
        Assert.Contains("validates", seen.MustSucceed().Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task XmlOf_SpoiltXml_IsNotValid()
    {
        using TempDirectory files = new();
        File.WriteAllText(files["guest.xml"], LibvirtDomain.XmlOf(GuestSamples.Kept).Replace("<target ", "<aim ", StringComparison.Ordinal));
        Assert.NotEqual(0, (await TestProcess.RunAsync("virt-xml-validate", [files["guest.xml"], "domain"], TimeSpan.FromSeconds(30))).ExitCode);
    }
}
