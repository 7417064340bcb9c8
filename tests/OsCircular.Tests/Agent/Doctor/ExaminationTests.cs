using OsCircular.Agent.Doctor;

namespace OsCircular.Tests.Agent.Doctor;

public class ExaminationTests
{
    private static readonly Host Good = new()
    {
        IsRoot = false,
        HasFuseDevice = true,
        CanOpenFuseDevice = true,
        UserAllowOther = true,
        Kernel = new Version(6, 9),
        FindProgram = program => $"/usr/bin/{program}",
    };

    [Fact]
    public void Run_EverythingThere_FindsAllGood() => Assert.All(Examination.Run(Good), finding => Assert.Equal(FindingState.Good, finding.State));

    [Fact]
    public void Run_NoDevice_IsMissingAndSaysHowToGetIt()
    {
        Finding finding = Assert.Single(Examination.Run(Good with { HasFuseDevice = false, CanOpenFuseDevice = false }), finding => finding.State == FindingState.Missing);
        Assert.Contains("modprobe fuse", finding.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_DeviceOfRootOnly_SaysChmod()
    {
        Finding finding = Assert.Single(Examination.Run(Good with { CanOpenFuseDevice = false }), finding => finding.State == FindingState.Missing);
        Assert.Contains("chmod 666 /dev/fuse", finding.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_UserWithoutFusermount_IsMissing()
    {
        Host host = Good with { FindProgram = program => program == "fusermount3" ? null : program };
        Finding finding = Assert.Single(Examination.Run(host), finding => finding.State == FindingState.Missing);
        Assert.Contains("apt-get install fuse3", finding.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_RootWithoutAnyProgram_CanStillMount()
    {
        IReadOnlyList<Finding> findings = Examination.Run(Good with { IsRoot = true, UserAllowOther = false, FindProgram = _ => null });
        Assert.DoesNotContain(findings, finding => finding.State == FindingState.Missing);
        Assert.Contains(findings, finding => finding.Advice.Contains("apt-get install qemu-utils", StringComparison.Ordinal));
    }

    [Fact]
    public void Run_KernelBeforeResending_SaysWhatItCosts()
    {
        Finding finding = Assert.Single(Examination.Run(Good with { Kernel = new Version(6, 8, 12) }), finding => finding.State == FindingState.Optional);
        Assert.Contains("6.9", finding.Advice, StringComparison.Ordinal);
    }
}
