using System.Buffers.Binary;
using System.Text;
using OsCircular.Fuse;
using OsCircular.Fuse.Protocol;
using OsCircular.TestKit.Fuse;

namespace OsCircular.Tests.Fuse;

/// <summary>Each opcode's reply, by offset as the kernel reads it.</summary>
public sealed class FuseRequestTests : IAsyncDisposable
{
    private readonly FakeConnection _connection = new();

    private FuseKernelFake Kernel => _connection.Kernel;

    private MemoryFileSystem Files => _connection.Files;

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    [Fact]
    public void Lookup_OfAFile_GivesIdGenerationTimeoutsAndAttributes()
    {
        MemoryFile file = Files.AddFile(Files.Root, "disk.raw", new byte[5000]);
        FuseReply reply = Kernel.Call(FuseOpcode.Lookup, MemoryFileSystem.RootId, FuseKernelFake.Name("disk.raw"));
        Assert.Equal(128, reply.Body.Length);
        Assert.Equal(file.Id, Long(reply, 0));
        Assert.Equal(0ul, Long(reply, 8));
        Assert.Equal(3600ul, Long(reply, 16));
        Assert.Equal(3600ul, Long(reply, 24));
        Assert.Equal(file.Id, Long(reply, 40));
        Assert.Equal(5000ul, Long(reply, 48));
        Assert.Equal(10ul, Long(reply, 56));
        Assert.Equal((ulong)new DateTimeOffset(2024, 5, 6, 7, 8, 9, TimeSpan.Zero).ToUnixTimeSeconds(), Long(reply, 72));
        Assert.Equal(Convert.ToUInt32("100444", 8), Word(reply, 100));
        Assert.Equal(4096u, Word(reply, 120));
    }

    [Theory]
    [InlineData(MemoryFileSystem.RootId, FuseError.ENOENT)]
    [InlineData(99, FuseError.ESTALE)]
    public void Lookup_OfNothing_SaysWhy(ulong parent, FuseError error) =>
        Assert.Equal(error, Kernel.Call(FuseOpcode.Lookup, parent, FuseKernelFake.Name("nothing")).Error);

    [Fact]
    public void GetAttributes_OfTheRoot_SaysDirectory()
    {
        FuseReply reply = Kernel.Call(FuseOpcode.GetAttributes, MemoryFileSystem.RootId, new byte[16]);
        Assert.Equal(104, reply.Body.Length);
        Assert.Equal(Convert.ToUInt32("40555", 8), Word(reply, 76));
    }

    [Fact]
    public void ReadLink_OfALink_GivesTheTarget()
    {
        MemoryFile link = Files.AddLink(Files.Root, "latest", "7/disk.raw");
        Assert.Equal("7/disk.raw"u8.ToArray(), Kernel.Call(FuseOpcode.ReadLink, link.Id).Body);
    }

    [Fact]
    public void Open_ForReading_KeepsTheCacheAndHasNoHandle()
    {
        FuseReply reply = Kernel.Call(FuseOpcode.Open, MemoryFileSystem.RootId, new byte[8]);
        Assert.Equal(16, reply.Body.Length);
        Assert.Equal(0ul, Long(reply, 0));
        Assert.Equal(2u, Word(reply, 8));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Open_ForWriting_IsRefused(byte flags) =>
        Assert.Equal(FuseError.EROFS, Kernel.Call(FuseOpcode.Open, MemoryFileSystem.RootId, [flags, 0, 0, 0, 0, 0, 0, 0]).Error);

    [Fact]
    public void Release_OfAnyOpen_ReachesTheFileSystem()
    {
        Assert.Equal(FuseError.Ok, Kernel.Call(FuseOpcode.Release, 5, new byte[24]).Error);
        Assert.Equal(1, Files.Releases);
    }

    [Theory]
    [InlineData("user.oscircular.version", 0, FuseError.Ok, 8)]
    [InlineData("user.oscircular.version", 6, FuseError.Ok, 6)]
    [InlineData("user.oscircular.version", 5, FuseError.ERANGE, 0)]
    [InlineData("user.other", 100, FuseError.ENODATA, 0)]
    public void GetExtendedAttribute_BySizeAndName_AnswersAsGetxattrDoes(string name, int size, FuseError error, int length)
    {
        Files.Root.ExtendedAttributes["user.oscircular.version"] = "v12345"u8.ToArray();
        FuseReply reply = Kernel.Call(FuseOpcode.GetExtendedAttribute, MemoryFileSystem.RootId, FuseKernelFake.SizedName(size, name));
        Assert.Equal((error, length), (reply.Error, reply.Body.Length));
        if (size == 0) Assert.Equal(6u, Word(reply, 0));
    }

    [Fact]
    public void ListExtendedAttributes_OfTwo_GivesBothNames()
    {
        Files.Root.ExtendedAttributes["user.a"] = [];
        Files.Root.ExtendedAttributes["user.b"] = [];
        Assert.Equal("user.a\0user.b\0"u8.ToArray(), List(100).Body);
        Assert.Equal(14u, Word(List(0), 0));
        Assert.Equal(FuseError.ERANGE, List(13).Error);

        FuseReply List(int size) => Kernel.Call(FuseOpcode.ListExtendedAttributes, MemoryFileSystem.RootId, FuseKernelFake.SizedName(size));
    }

    [Fact]
    public void Statistics_Asked_AreLaidOutAsTheKernelReadsThem()
    {
        FuseReply reply = Kernel.Call(FuseOpcode.Statistics, MemoryFileSystem.RootId);
        Assert.Equal(80, reply.Body.Length);
        Assert.Equal(1000ul, Long(reply, 0));
        Assert.Equal((4096u, 255u, 4096u), (Word(reply, 40), Word(reply, 44), Word(reply, 48)));
    }

    [Theory]
    [InlineData(FuseOpcode.ReadDirectory, 24)]
    [InlineData(FuseOpcode.ReadDirectoryPlus, 152)]
    public void ReadDirectory_InSmallPieces_GivesEveryNameOnce(FuseOpcode opcode, int prefix)
    {
        string[] expected = [.. Enumerable.Range(0, 50).Select(i => $"name-{new string('x', i % 9)}{i:d2}")];
        foreach (string name in expected) Files.AddFile(Files.Root, name, [1]);
        var found = new List<string>();
        ulong offset = 0;
        while (true)
        {
            byte[] body = Kernel.Call(opcode, MemoryFileSystem.RootId, FuseKernelFake.ReadBody((long)offset, 512)).Body;
            if (body.Length == 0) break;
            for (int at = 0; at < body.Length;)
            {
                ReadOnlySpan<byte> entry = body.AsSpan(at + prefix - 24);
                int length = BinaryPrimitives.ReadInt32LittleEndian(entry[16..]);
                offset = BinaryPrimitives.ReadUInt64LittleEndian(entry[8..]);
                Assert.Equal(8u, BinaryPrimitives.ReadUInt32LittleEndian(entry[20..]));
                found.Add(Encoding.UTF8.GetString(entry.Slice(24, length)));
                if (prefix == 152) Assert.Equal(BinaryPrimitives.ReadUInt64LittleEndian(entry), BinaryPrimitives.ReadUInt64LittleEndian(body.AsSpan(at)));
                at += (prefix + length + 7) & ~7;
            }
        }

        Assert.Equal(expected.Order(StringComparer.Ordinal), found);
    }

    [Theory]
    [InlineData(FuseSeek.Data, 10, FuseError.Ok, 10)]
    [InlineData(FuseSeek.Hole, 10, FuseError.Ok, 4096)]
    [InlineData(FuseSeek.Hole, 5000, FuseError.Ok, 5000)]
    [InlineData(FuseSeek.Data, 5000, FuseError.ENXIO, 0)]
    [InlineData(FuseSeek.Hole, 8192, FuseError.ENXIO, 0)]
    public void Seek_InAFileWithAHole_FindsDataAndHole(FuseSeek whence, long offset, FuseError error, ulong expected)
    {
        MemoryFile file = Files.AddFile(Files.Root, "sparse", new byte[8192]);
        file.HoleFrom = 4096;
        FuseReply reply = Kernel.Call(FuseOpcode.Seek, file.Id, FuseKernelFake.SeekBody(offset, whence));
        Assert.Equal(error, reply.Error);
        if (error == FuseError.Ok) Assert.Equal(expected, Long(reply, 0));
    }

    [Theory]
    [InlineData(4, FuseError.Ok)]
    [InlineData(2, FuseError.EROFS)]
    public void Access_ByMask_RefusesWriting(byte mask, FuseError error) =>
        Assert.Equal(error, Kernel.Call(FuseOpcode.Access, MemoryFileSystem.RootId, [mask, 0, 0, 0, 0, 0, 0, 0]).Error);

    [Theory]
    [InlineData(FuseOpcode.Write)]
    [InlineData(FuseOpcode.Create)]
    [InlineData(FuseOpcode.Unlink)]
    [InlineData(FuseOpcode.SetAttributes)]
    [InlineData(FuseOpcode.Rename2)]
    [InlineData(FuseOpcode.SetExtendedAttribute)]
    public void AnyWrite_IsRefusedAsReadOnly(FuseOpcode opcode) =>
        Assert.Equal(FuseError.EROFS, Kernel.Call(opcode, MemoryFileSystem.RootId, new byte[64]).Error);

    [Theory]
    [InlineData(FuseOpcode.Flush)]
    [InlineData(FuseOpcode.Sync)]
    [InlineData((FuseOpcode)52)]
    [InlineData((FuseOpcode)4711)]
    public void Unknown_IsLeftToTheKernel(FuseOpcode opcode) =>
        Assert.Equal(FuseError.ENOSYS, Kernel.Call(opcode, MemoryFileSystem.RootId, new byte[24]).Error);

    [Fact]
    public void Forget_OfNodesNeverLookedUp_IsTakenWithoutReply()
    {
        Kernel.Send(FuseOpcode.Forget, 77, new byte[8]);
        Kernel.Send(FuseOpcode.BatchForget, 0, new byte[24]);
        Kernel.Send(FuseOpcode.Interrupt, 0, new byte[8]);
        ulong unique = Kernel.Send(FuseOpcode.GetAttributes, MemoryFileSystem.RootId, new byte[16]);
        Assert.Equal(unique, Kernel.Receive().Unique);
        Assert.Equal(1, _connection.Session.Counters.Of(FuseOpcode.BatchForget));
    }

    [Fact]
    public void Read_ThatThrows_IsAnsweredEioAndTheSessionLives()
    {
        Files.Reading = _ => throw new InvalidOperationException("a bug");
        Assert.Equal(FuseError.EIO, Kernel.Read(MemoryFileSystem.RootId, 0, 4096).Error);
        Files.Reading = null;
        Assert.Equal(FuseError.Ok, Kernel.Read(MemoryFileSystem.RootId, 0, 4096).Error);
    }

    [Theory]
    [InlineData(FuseOpcode.Lookup, 1)]
    [InlineData(FuseOpcode.Read, 39)]
    [InlineData(FuseOpcode.GetExtendedAttribute, 8)]
    [InlineData(FuseOpcode.Seek, 24)]
    public void Request_CutShortOrOfNoSense_IsInvalid(FuseOpcode opcode, int zeros) =>
        Assert.Equal(FuseError.EINVAL, Kernel.Call(opcode, MemoryFileSystem.RootId, new byte[zeros]).Error);

    [Fact]
    public void Lookup_OfANameWithoutItsEnd_IsInvalid() =>
        Assert.Equal(FuseError.EINVAL, Kernel.Call(FuseOpcode.Lookup, MemoryFileSystem.RootId, "abc"u8.ToArray()).Error);

    [Theory]
    [InlineData(39)]
    [InlineData(41)]
    public void Message_WhoseHeaderLies_IsCountedAndAnswered(int claimed)
    {
        byte[] message = FuseKernelFake.Message(1000, FuseOpcode.GetAttributes, 1);
        BinaryPrimitives.WriteInt32LittleEndian(message, claimed);
        Kernel.SendRaw(message);
        Assert.Equal(FuseError.EINVAL, Kernel.Receive(1000).Error);
        Assert.Equal(1, _connection.Session.Counters.Malformed);
    }

    [Fact]
    public void InvalidateEntry_OfAName_SendsTheNotification()
    {
        _connection.Session.InvalidateEntry(7, "latest"u8);
        FuseReply notification = Kernel.Receive();
        Assert.Equal((0ul, 3), (notification.Unique, (int)notification.Error));
        Assert.Equal((7ul, 6u), (Long(notification, 0), Word(notification, 8)));
        Assert.Equal("latest\0"u8.ToArray(), notification.Body[16..]);
    }

    [Fact]
    public void InvalidateInode_SendsTheWholeRange()
    {
        _connection.Session.InvalidateInode(9);
        FuseReply notification = Kernel.Receive();
        Assert.Equal(2, (int)notification.Error);
        Assert.Equal((9ul, 0ul, 0ul), (Long(notification, 0), Long(notification, 8), Long(notification, 16)));
    }

    private static ulong Long(FuseReply reply, int offset) => BinaryPrimitives.ReadUInt64LittleEndian(reply.Body.AsSpan(offset));

    private static uint Word(FuseReply reply, int offset) => BinaryPrimitives.ReadUInt32LittleEndian(reply.Body.AsSpan(offset));
}
