using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.Publishing;
using OsCircular.TestKit.Programs;

namespace OsCircular.Tests.Publishing;

public sealed class OverlayRulesTests
{
    // Two versions of one image; what the mount says of the overlay's base; what is asked for.
    [Theory]
    [InlineData("debian/2", "2", "debian", false, null)]
    [InlineData("debian/1", "1", "debian", false, "debian@2 is newer")]
    [InlineData("debian/1", "1", "debian", true, null)]
    [InlineData("debian/1", "1", "other", false, null)] // an image of its own reverts nothing
    [InlineData("debian/2", "1", "debian", true, "of another repository")]
    [InlineData("debian/2", null, "debian", false, "is not mounted")]
    [InlineData("debian/2", null, "debian", true, null)]
    [InlineData("debian/3", "1", "debian", true, "does not have")]
    [InlineData("else/1", "1", "else", true, "does not have")]
    public async Task BaseOf_Cases(string below, string? mounted, string name, bool force, string? refusal)
    {
        using var rig = new PublishRig();
        foreach (int seed in (int[])[1, 2])
        {
            PublisherTests.WriteImage(rig.Image, [(3, 2, seed)], 0);
            await rig.PublishAsync();
        }

        string disk = Path.Combine(Directory.CreateDirectory(Path.Combine(rig.Folder, "mnt", below)).FullName, "disk.raw");
        File.Copy(rig.Image, disk);
        string path = Path.Combine(rig.Folder, "guest.qcow2");
        await OverlayFile.CreateAsync(path, disk, TimeProvider.System, TestContext.Current.CancellationToken);
        OverlayFile overlay = await OverlayFile.OpenAsync(path, TimeProvider.System, TestContext.Current.CancellationToken);
        Digest? index = mounted is null ? null : rig.State.Manifest.Find(VersionReference.Parse($"debian@{mounted}"))!.Index;

        if (refusal is null) Assert.Equal(below, $"debian/{OverlayRules.BaseOf(overlay, index, ImageName.Parse(name), force, rig.State).Name}");
        else Assert.Contains(refusal, Assert.Throws<UserError>(() => OverlayRules.BaseOf(overlay, index, ImageName.Parse(name), force, rig.State)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_WholeQcow2_IsNoOverlay()
    {
        using var rig = new PublishRig();
        string path = Path.Combine(rig.Folder, "whole.qcow2");
        await TestProcess.ShellAsync("qemu-img create -q -f qcow2 \"$1\" 1M", path);
        UserError error = await Assert.ThrowsAsync<UserError>(() => OverlayFile.OpenAsync(path, TimeProvider.System, TestContext.Current.CancellationToken));
        Assert.Contains("no version of a mount", error.Message, StringComparison.Ordinal);
    }
}
