using System.Buffers.Binary;
using System.Security.Cryptography;
using Org.BouncyCastle.Math.EC.Rfc8032;

namespace OsCircular.Indexes.Signing;

/// <summary>An Ed25519 secret key with minisign's key id. Its file is <see cref="MinisignSecretKeyFile"/>'s affair.</summary>
public sealed class MinisignSecretKey
{
    private readonly byte[] _seed;

    /// <param name="keyId">The key id.</param>
    /// <param name="seed">RFC 8032's private key, 32 bytes; owned by the new object.</param>
    internal MinisignSecretKey(ulong keyId, byte[] seed)
    {
        _seed = seed;
        byte[] publicKey = new byte[Ed25519.PublicKeySize];
        Ed25519.GeneratePublicKey(seed, publicKey);
        PublicKey = new MinisignPublicKey(keyId, publicKey);
        PublicBytes = publicKey;
    }

    public MinisignPublicKey PublicKey { get; }

    internal ReadOnlySpan<byte> Seed => _seed;
    internal ReadOnlyMemory<byte> PublicBytes { get; }

    public static MinisignSecretKey Generate() =>
        new(BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(8)), RandomNumberGenerator.GetBytes(Ed25519.SecretKeySize));

    /// <summary>Signs <paramref name="message"/>, and the signature together with <paramref name="trustedComment"/>. Equal input gives an equal signature.</summary>
    /// <param name="message">Any length.</param>
    /// <param name="trustedComment">One line.</param>
    /// <param name="untrustedComment">One line of at most 1000 characters that nobody signs.</param>
    public MinisignSignature Sign(ReadOnlySpan<byte> message, string trustedComment, string untrustedComment = "signature from oscircular secret key")
    {
        if ((trustedComment + untrustedComment).AsSpan().ContainsAny('\r', '\n')) throw new ArgumentException("A comment is one line.");
        byte[] signature = SignBytes(Blake2b.Hash(message, Blake2b.PrehashSize));
        byte[] globalSignature = SignBytes(MinisignSignature.GloballySigned(signature, trustedComment));
        return new MinisignSignature(PublicKey.KeyId, signature, trustedComment, globalSignature, untrustedComment);
    }

    /// <summary>The signature alone, of the message's BLAKE2b-512: 64 bytes.</summary>
    internal byte[] SignMessage(ReadOnlySpan<byte> message) => SignBytes(Blake2b.Hash(message, Blake2b.PrehashSize));

    private byte[] SignBytes(byte[] bytes)
    {
        byte[] signature = new byte[Ed25519.SignatureSize];
        Ed25519.Sign(_seed, bytes, signature);
        return signature;
    }
}
