using OsCircular.Agent.Guests;

namespace OsCircular.Tests.Agent.Guests;

public sealed class UefiFirmwareTests
{
    [Fact]
    public void Choose_SecureBootAndOtherMachines_ArePassedOver() => Assert.Equal(
        new UefiFirmware("plain", "vars"),
        UefiFirmware.Choose(
            ["no json", "{}", Description("secure", "x86_64", "pc-q35-*", "secure-boot"), Description("arm", "aarch64", "virt-*"), Description("plain", "x86_64", "pc-q35-*"), Description("late", "x86_64", "pc-q35-*")],
            GuestSamples.X64));

    [Fact]
    public void Choose_ForArm_IsArms() => Assert.Equal("arm", UefiFirmware.Choose([Description("plain", "x86_64", "pc-q35-*"), Description("arm", "aarch64", "virt-*")], GuestSamples.Arm64)!.Code);

    [Fact]
    public void Choose_OfNone_IsNone() => Assert.Null(UefiFirmware.Choose([], GuestSamples.X64));

    private static string Description(string code, string architecture, string machine, string feature = "acpi-s3") => $$"""
        {
          "interface-types": ["uefi"],
          "mapping": { "device": "flash", "executable": { "filename": "{{code}}", "format": "raw" }, "nvram-template": { "filename": "vars", "format": "raw" } },
          "targets": [{ "architecture": "{{architecture}}", "machines": ["pc-i440fx-*", "{{machine}}"] }],
          "features": ["{{feature}}"]
        }
        """;
}
