using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.Indexes.Signing;

namespace OsCircular.Tests.Indexes;

/// <summary>Fixed values for golden bytes and small stories.</summary>
internal static class Samples
{
    public static readonly MinisignSecretKey Key = KeyOf(1);
    public static readonly MinisignSecretKey OtherKey = KeyOf(2);
    public static readonly RepositoryId Repository = new(0x0123456789abcdef);
    public static readonly DateTimeOffset Time = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    public static MinisignSecretKey KeyOf(byte fill)
    {
        byte[] seed = new byte[32];
        seed.AsSpan().Fill(fill);
        return new MinisignSecretKey(0xfedcba9876543210 + fill, seed);
    }

    public static Digest DigestOf(byte fill)
    {
        Span<byte> bytes = stackalloc byte[Digest.Size];
        bytes.Fill(fill);
        return new Digest(bytes);
    }

    public static ManifestVersion Version(string name, byte index = 1) =>
        new(VersionName.Parse(name), DigestOf(index), new BlockGeometry(1 << 20, BlockGeometry.DefaultBlockSize), 4096, Time);

    public static ManifestImage Image(string name, params ManifestVersion[] versions) => new(ImageName.Parse(name), versions, []);

    public static Manifest Manifest(params ManifestImage[] images) => new(Repository, 1, images);
}
