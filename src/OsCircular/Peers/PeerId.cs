using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using OsCircular.Blocks;

namespace OsCircular.Peers;

/// <summary>Names one running agent in its group: 20 bytes, written as 40 lower-case hex digits.</summary>
public readonly record struct PeerId : IComparable<PeerId>
{
    public const int Size = 20;
    public const int TextLength = 2 * Size;

    // A block name is 20 bytes too; only its arithmetic is borrowed.
    private readonly BlockName _bytes;

    /// <param name="bytes">Exactly <see cref="Size"/> bytes.</param>
    public PeerId(ReadOnlySpan<byte> bytes) => _bytes = new BlockName(bytes);

    /// <summary>
    /// Derived from what no cloned disk carries along: the boot, the network namespace and the cache's folder. The same agent started again on the same boot
    /// has the same id.
    /// </summary>
    /// <param name="bootId"><c>/proc/sys/kernel/random/boot_id</c>.</param>
    /// <param name="networkNamespace">What <c>/proc/self/ns/net</c> links to.</param>
    /// <param name="cache">Device and inode of the cache's folder.</param>
    public static PeerId Derive(string bootId, string networkNamespace, string cache)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes($"oscircular peer 1\n{bootId}\n{networkNamespace}\n{cache}\n"), digest);
        return new PeerId(digest[..Size]);
    }

    /// <summary>Reads exactly 40 lower-case hex digits.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out PeerId id) => TryParse(text.AsSpan(), out id);

    /// <inheritdoc cref="TryParse(string?, out PeerId)"/>
    public static bool TryParse(ReadOnlySpan<char> text, out PeerId id)
    {
        bool parsed = BlockName.TryParse(text, out BlockName bytes);
        Span<byte> copy = stackalloc byte[Size];
        bytes.CopyTo(copy);
        id = parsed ? new PeerId(copy) : default;
        return parsed;
    }

    /// <param name="destination">At least <see cref="Size"/> bytes.</param>
    public void CopyTo(Span<byte> destination) => _bytes.CopyTo(destination);

    public int CompareTo(PeerId other) => _bytes.CompareTo(other._bytes);

    public override int GetHashCode() => _bytes.GetHashCode();

    public bool Equals(PeerId other) => _bytes == other._bytes;

    public override string ToString() => _bytes.ToString();
}
