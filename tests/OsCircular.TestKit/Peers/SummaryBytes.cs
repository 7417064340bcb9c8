using System.Buffers.Binary;
using OsCircular.Blocks;
using OsCircular.Sources;

namespace OsCircular.TestKit.Peers;

/// <summary>A full body of <c>/summary</c> as Formats.md says, written a second time.</summary>
internal static class SummaryBytes
{
    private const int KeysPerBucket = 32;

    public static byte[] Full(IEnumerable<BlockName> names)
    {
        ulong[] keys = [.. names.Select(HeldKey.Of).Order()];
        int bits = 0;
        while (keys.Length > KeysPerBucket << bits) bits++;
        var body = new MemoryStream();
        body.Write("OCSM\u0001\u0001"u8);
        Number(body, 1, sizeof(ulong)); // epoch
        Number(body, 1, sizeof(ulong)); // sequence
        Number(body, (ulong)keys.Length, sizeof(uint));
        for (ulong bucket = 0; bucket < 1UL << bits; bucket++) Number(body, (ulong)keys.Count(key => bits == 0 || key >> (64 - bits) <= bucket), sizeof(uint));
        foreach (ulong key in keys) Number(body, key << bits >> 48, sizeof(ushort));
        return body.ToArray();
    }

    private static void Number(MemoryStream body, ulong value, int size)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        body.Write(bytes[..size]);
    }
}
