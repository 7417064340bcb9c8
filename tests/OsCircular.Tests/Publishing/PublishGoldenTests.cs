using OsCircular.Blocks;
using OsCircular.Publishing;

namespace OsCircular.Tests.Publishing;

/// <summary>A small repository, byte for byte: what one program publishes, every later one must read.</summary>
public sealed class PublishGoldenTests
{
    [Fact]
    public async Task Publish_KnownImageKeyAndTime_MakesTheGoldenRepository()
    {
        using var rig = new PublishRig();
        // A raw block, a hole, the first block again, and a last short one. No zstd frame: those may change with the compressor, the format does not.
        byte[] noise = new byte[PublishRig.BlockSize];
        new Random(1).NextBytes(noise);
        File.WriteAllBytes(rig.Image, [.. noise, .. new byte[PublishRig.BlockSize], .. noise, .. noise[..512]]);

        PublishResult result = await rig.PublishAsync(rig.Options with { ExpiresAfter = TimeSpan.FromDays(30) });

        Assert.Equal((1, 2, 1), (result.Blocks.Zero, result.Blocks.New, result.Blocks.Reused));
        // Changed on purpose? Then a version number in Formats.md must rise.
        string[] golden =
        [
            "7a22aac701d40fee98e06fcfbaf8157dcdae77f35f498f89c4301e2bb8d36036 blocks/55/55353d08c9db58b8b82fb5888aa9072789b2ff96",
            "3ffbd384a4b880b5b8693aa25c85c07445f257d56d78c3e83c97857385b4fe1f blocks/65/650d9c66532e544587e29cc642e31fc791cf1726",
            "dbe0c90a91577ed784afc5cb1a6b3397d7e456c691d08d5b09091c9a8d34c657 head.minisig",
            "7ffc4e0560d4528977288f6c14c9e281039176e013e35e3ddce71ef0db3f77c7 indexes/7ffc4e0560d4528977288f6c14c9e281039176e013e35e3ddce71ef0db3f77c7",
            "0e5142d42e30ac8683970239d9b6784982678117e6a9e8ad179445b417008ef6 manifests/0e5142d42e30ac8683970239d9b6784982678117e6a9e8ad179445b417008ef6.json",
        ];
        Assert.Equal(string.Join('\n', golden), string.Join('\n', rig.Files.Select(file => $"{Digest.Of(File.ReadAllBytes(Path.Combine(rig.Repository, file)))} {file}")));
    }
}
