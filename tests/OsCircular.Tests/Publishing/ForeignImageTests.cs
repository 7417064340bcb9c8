using System.Diagnostics;
using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.Publishing;

namespace OsCircular.Tests.Publishing;

public sealed class ForeignImageTests
{
    [Theory]
    [InlineData("qcow2")]
    [InlineData("vmdk")]
    [InlineData("vhdx")]
    [InlineData("vpc")]
    [InlineData("vdi")]
    public async Task Publish_Converts(string format)
    {
        using var rig = new PublishRig();
        byte[] image = PublisherTests.WriteImage(rig.Image, [(20, 2, 1), (30, 0, 0), (20, 3, 1), (14, 0, 0)], 0); // 84 blocks of 64 KiB: sizes that VHD's geometry can say
        string converted = Path.Combine(rig.Folder, "image." + format);
        using (Process qemu = Process.Start("qemu-img", ["convert", "-f", "raw", "-O", format, rig.Image, converted])) await qemu.WaitForExitAsync();
        Assert.Equal(format, ForeignImage.Recognise(converted));
        PublishProgress last = default;

        PublishResult result = await new Publisher(rig.Time, RepositoryId.Draw).PublishAsync(
            rig.Options with { ImagePath = converted }, new Now<PublishProgress>(report => last = report), CancellationToken.None);

        byte[] published = rig.ReadBack("1");
        Assert.Equal(image, published[..image.Length]); // VHD rounds the size up to its geometry
        Assert.DoesNotContain(published[image.Length..], value => value != 0);
        Assert.True(result.Blocks.Zero >= 44);
        Assert.Equal(PublishPhase.Syncing, last.Phase);
        Assert.False(Directory.Exists(Path.Combine(rig.Repository, "tmp")));
    }

    [Fact]
    public async Task Publish_TreatedAsRaw_IsTakenAsItIs()
    {
        using var rig = new PublishRig();
        byte[] image = [.. "QFI"u8, 0xfb, .. new byte[1020]];
        File.WriteAllBytes(rig.Image, image);
        await rig.PublishAsync(rig.Options with { TreatAsRaw = true });
        Assert.Equal(image, rig.ReadBack("1"));
    }

    [Fact]
    public async Task Publish_BrokenForeignImage_PassesOnWhatQemuImgSays()
    {
        using var rig = new PublishRig();
        File.WriteAllBytes(rig.Image, [.. "QFI"u8, 0xfb, .. new byte[1020]]);
        UserError error = await Assert.ThrowsAsync<UserError>(() => rig.PublishAsync());
        Assert.Contains("qemu-img cannot convert this qcow2 image", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Theory]
    [InlineData("# Disk DescriptorFile\n", "vmdk")]
    [InlineData("KDM", null)]
    [InlineData("", null)]
    public void Recognise_ByFirstBytes(string first, string? format)
    {
        using var rig = new PublishRig();
        File.WriteAllText(rig.Image, first);
        Assert.Equal(format, ForeignImage.Recognise(rig.Image));
    }

    private sealed class Now<T>(Action<T> act) : IProgress<T>
    {
        public void Report(T value) => act(value);
    }
}
