using Org.BouncyCastle.Crypto.Digests;

namespace OsCircular.Indexes.Signing;

/// <summary>BLAKE2b (RFC 7693), unkeyed: minisign signs its 64 bytes in the message's place and checks a secret key by its 32.</summary>
internal static class Blake2b
{
    public const int PrehashSize = 64;
    public const int ChecksumSize = 32;

    public static byte[] Hash(ReadOnlySpan<byte> message, int size)
    {
        Blake2bDigest digest = new(8 * size);
        digest.BlockUpdate(message);
        byte[] hash = new byte[size];
        digest.DoFinal(hash, 0);
        return hash;
    }
}
