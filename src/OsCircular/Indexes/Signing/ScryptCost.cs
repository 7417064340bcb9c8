using System.Text;
using Org.BouncyCastle.Crypto.Generators;

namespace OsCircular.Indexes.Signing;

/// <summary>
/// What a password costs to try. A key file holds libsodium's two limits, from which libsodium's
/// <c>crypto_pwhash_scryptsalsa208sha256</c> derives scrypt's N, r and p (RFC 7914); the same derivation here.
/// </summary>
/// <param name="Operations">libsodium's opslimit.</param>
/// <param name="Memory">libsodium's memlimit, in bytes.</param>
internal readonly record struct ScryptCost(ulong Operations, ulong Memory)
{
    /// <summary>
    /// For the keys we write: N = 2^17, r = 8, p = 1, 128 MiB, about 0.4 s. What minisign itself writes (N = 2^20) takes
    /// 1 GiB and some 5 s here, more than small hosts have; minisign reads either, for the limits stand in the file.
    /// </summary>
    public static readonly ScryptCost Default = new(1 << 22, 1 << 27);

    private const int R = 8;

    /// <summary>Twice what minisign writes, in bytes; a key file that asks for more is refused rather than obeyed.</summary>
    private const ulong MaxMemory = 2UL << 30;
    private const ulong MaxOperations = 1UL << 27;

    public bool IsBearable => Operations <= MaxOperations && Memory <= MaxMemory;

    /// <summary>log2 N and p, as libsodium picks them.</summary>
    public (int LogN, int P) Parameters()
    {
        ulong operations = Math.Max(Operations, 32768);
        if (operations < Memory / 32) return (LogOf(operations / (R * 4)), 1);
        int logN = LogOf(Memory / (R * 128));
        ulong rp = Math.Min(operations / 4 >> logN, 0x3fffffff);
        return (logN, (int)rp / R);
    }

    /// <exception cref="ArgumentException">The limits give parameters that scrypt does not have.</exception>
    public byte[] Derive(string password, byte[] salt, int length)
    {
        (int logN, int p) = Parameters();
        return SCrypt.Generate(Encoding.UTF8.GetBytes(password), salt, 1 << logN, R, p, length);
    }

    /// <summary>The least n from 1 to 63 with 2^n above half of <paramref name="max"/>.</summary>
    private static int LogOf(ulong max)
    {
        int log = 1;
        while (log < 63 && 1UL << log <= max / 2) log++;
        return log;
    }
}
