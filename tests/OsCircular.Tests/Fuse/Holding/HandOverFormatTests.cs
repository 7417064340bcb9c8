using System.Buffers.Binary;
using CsCheck;
using OsCircular.Fuse;
using OsCircular.Fuse.Holding;
using OsCircular.Fuse.Protocol;

namespace OsCircular.Tests.Fuse.Holding;

public sealed class HandOverFormatTests
{
    private const int FuzzSeconds = 2;
    private const int VersionAt = 8;
    private const int LengthAt = 12;

    // Pinned: where this fails, agents in the field could not take over from each other any more.
    private const string Golden =
        "4f4348414e444f560100000068000000" // OCHANDOV, version 1, 104 bytes
        + "010008002f6d6e742f766d73" // 1: /mnt/vms
        + "02000400303a3537" // 2: 0:57
        + "0300100061616262636364646565666630303131" // 3: aabbccddeeff0011
        + "0400040003000000" // 4: generation 3
        + "05001c002d000000fbffff73fd05000011000000010000000000100000100000" // 5: minor, offered, agreed, longest read and write
        + "0600040001000000"; // 6: one agent unproven

    private static readonly HandOver Sample = new()
    {
        MountPoint = "/mnt/vms",
        MountDevice = "0:57",
        Identity = "aabbccddeeff0011",
        Generation = 3,
        Unproven = 1,
        Connection = new FuseConnectionState { Minor = 45, Offered = (FuseInitFlags)0x5fd73fffffb, Agreed = (FuseInitFlags)0x100000011, MaxReadBytes = 1 << 20, MaxWriteBytes = 4096 },
    };

    [Fact]
    public void Write_Sample_IsTheGoldenBytes() => Assert.Equal(Golden, Convert.ToHexStringLower(HandOverFormat.Write(Sample)));

    [Fact]
    public void TryRead_GoldenBytes_IsTheSample() => Assert.Equivalent(Sample, Read(Convert.FromHexString(Golden)), strict: true);

    [Fact]
    public void TryRead_BeforeInit_HasNoConnection()
    {
        HandOver state = Read(HandOverFormat.Write(Sample with { Connection = null }));
        Assert.Null(state.Connection);
        Assert.Equal(Sample.Generation, state.Generation);
    }

    [Fact]
    public void TryRead_FieldsOfANewerProgram_AreWrittenAgain()
    {
        HandOver newer = Sample with { Others = [new HandOverField(7, new byte[] { 1, 2, 3 }), new HandOverField(900, ReadOnlyMemory<byte>.Empty)] };

        HandOver read = Read(HandOverFormat.Write(newer));
        Assert.Equal(Sample.Connection, read.Connection);
        HandOver again = Read(HandOverFormat.Write(read with { Generation = 4 }));

        Assert.Equal([(7, "010203"), (900, "")], again.Others.Select(field => ((int)field.Tag, Convert.ToHexString(field.Value.Span))));
    }

    [Fact]
    public void TryRead_FieldOfThisProgramAbsent_IsItsDefault()
    {
        // As a program would write that knows no field 6.
        byte[] older = Convert.FromHexString(Golden)[..^8];
        BinaryPrimitives.WriteInt32LittleEndian(older.AsSpan(LengthAt), older.Length);

        Assert.Equal(0u, Read(older).Unproven);
    }

    [Fact]
    public void TryRead_HigherVersion_IsRefusedWithBothNumbers()
    {
        byte[] bytes = HandOverFormat.Write(Sample);
        bytes[VersionAt] = 2;

        Assert.False(HandOverFormat.TryRead(bytes, out _, out string? problem));
        Assert.Contains("2", problem, StringComparison.Ordinal);
        Assert.Contains("knows 1 only", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void TryRead_CutAnywhere_IsRefused()
    {
        byte[] bytes = HandOverFormat.Write(Sample);
        Assert.All(Enumerable.Range(0, bytes.Length), length => Assert.False(HandOverFormat.TryRead(bytes.AsSpan(0, length), out _, out _)));
    }

    [Fact]
    public void TryRead_FieldTwice_IsRefused()
    {
        byte[] bytes = HandOverFormat.Write(Sample with { Others = [new HandOverField(7, ReadOnlyMemory<byte>.Empty)] });
        bytes[^4] = 6;
        Assert.False(HandOverFormat.TryRead(bytes, out _, out _));
    }

    [Fact]
    public void TryRead_AnyBytes_NeverThrows() =>
        Gen.Select(Gen.Byte.Array[0, 40], Gen.Int[0, Golden.Length / 2], Gen.Bool).Sample(
            (noise, at, whole) =>
            {
                byte[] bytes = whole ? noise : [.. Convert.FromHexString(Golden)];
                for (int i = 0; !whole && i < noise.Length && at + i < bytes.Length; i++) bytes[at + i] = noise[i];
                if (!HandOverFormat.TryRead(bytes, out HandOver? state, out string? problem))
                {
                    Assert.NotEmpty(problem);
                    return;
                }

                // What was read can be saved, and is the same to the next.
                byte[] saved = HandOverFormat.Write(state);
                Assert.Equal(saved, HandOverFormat.Write(Read(saved)));
            },
            time: FuzzSeconds,
            threads: 1);

    private static HandOver Read(byte[] bytes)
    {
        Assert.True(HandOverFormat.TryRead(bytes, out HandOver? state, out string? problem), problem);
        return state;
    }
}
