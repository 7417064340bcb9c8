using CsCheck;
using OsCircular.Fuse.Protocol;
using OsCircular.TestKit.Fuse;

namespace OsCircular.Tests.Fuse;

/// <summary>Whatever arrives, the session goes on: nothing but INIT may end it.</summary>
public sealed class FuseFuzzTests
{
    private const int Seconds = 2;

    private static readonly Gen<byte[]> Body = Gen.OneOf(
        Gen.Byte.Array[0, 64],
        Gen.Byte[0, 2].Array[0, 64],
        Gen.Select(Gen.Long, Gen.Int[0, 1 << 20], FuseKernelFake.ReadBody),
        Gen.String.Select(FuseKernelFake.Name));

    private static readonly Gen<byte[]> Message = Gen.Select(
        Gen.OneOf(Gen.UInt[1, 53], Gen.UInt).Where(opcode => (FuseOpcode)opcode != FuseOpcode.Init),
        Gen.ULong[0, 4],
        Body,
        Gen.Int[0, 400],
        (opcode, id, body, cut) =>
        {
            byte[] message = FuseKernelFake.Message(1_000_001, (FuseOpcode)opcode, id, body);
            return cut < message.Length ? message[..Math.Max(1, cut)] : message;
        });

    [Fact]
    public async Task Session_GivenAnyMessages_StillServes()
    {
        await using var connection = new FakeConnection();
        MemoryFile file = connection.Files.AddFile(connection.Files.Root, "a", [1, 2, 3]);
        connection.Files.AddLink(connection.Files.Root, "l", "a");
        Message.Array[1, 50].Sample(
            messages =>
            {
                foreach (byte[] message in messages)
                {
                    connection.Kernel.SendRaw(message);
                    while (connection.Kernel.HasReply) connection.Kernel.Receive();
                }
            },
            time: Seconds,
            threads: 1);

        ulong unique = connection.Kernel.Send(FuseOpcode.Read, file.Id, FuseKernelFake.ReadBody(0, 4096));
        FuseReply reply;
        do reply = connection.Kernel.Receive();
        while (reply.Unique != unique);
        Assert.Equal([1, 2, 3], reply.Body);
        Assert.False(connection.Session.Completion.IsCompleted);
        Assert.True(connection.Session.Counters.Malformed > 0);
    }
}
