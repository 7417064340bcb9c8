using System.Buffers.Binary;
using System.Text;
using OsCircular.Blocks;
using OsCircular.Fuse;
using OsCircular.Fuse.Protocol;
using OsCircular.Mount;
using OsCircular.TestKit.Disks;
using OsCircular.TestKit.Fuse;
using OsCircular.TestKit.Sources;

namespace OsCircular.Tests.Mount;

public class MountFileSystemTests
{
    private static readonly TestDisk First = new(new BlockGeometry((5 << 16) + 512, BlockGeometry.MinBlockSize), seed: 1, zeros: 0.3);
    private static readonly TestDisk Second = new(new BlockGeometry((5 << 16) + 512, BlockGeometry.MinBlockSize), seed: 2, zeros: 0.3);

    [Fact]
    public async Task Lookup_ImageVersionDisk_HasTheFixedIds()
    {
        await using MountRig rig = new(MountRig.Manifest(("debian", ["1", "2"])));

        Assert.Equal(NodeId.Of(NodeKind.Image, "debian", ""), rig.Find("debian"));
        Assert.Equal(NodeId.Of(NodeKind.Version, "debian", "2"), rig.Find("debian", "2"));
        Assert.Equal(NodeId.Of(NodeKind.Disk, "debian", "2"), rig.Find("debian", "2", "disk.raw"));
        Assert.Equal("2", rig.ReadLink(rig.Find("debian", "latest")));
        Assert.Equal(FuseError.ENOENT, rig.Lookup(NodeId.Root, "fedora").Error);
    }

    [Fact]
    public async Task AnyRequest_IdNobodyKnows_IsStale()
    {
        await using MountRig rig = new(MountRig.Manifest(("debian", ["1"])));
        const ulong Unknown = 424242;

        Assert.Equal(FuseError.ESTALE, rig.Lookup(Unknown, "x").Error);
        Assert.Equal(FuseError.ESTALE, rig.Kernel.Call(FuseOpcode.GetAttributes, Unknown, new byte[16]).Error);
        Assert.Equal(FuseError.ESTALE, rig.Kernel.Call(FuseOpcode.ReadLink, Unknown).Error);
        Assert.Equal(FuseError.ESTALE, rig.Kernel.Read(Unknown, 0, 4096).Error);
        Assert.Equal(FuseError.ESTALE, rig.Kernel.Call(FuseOpcode.Seek, Unknown, FuseKernelFake.SeekBody(0, FuseSeek.Data)).Error);
        Assert.Equal(FuseError.ESTALE, rig.Kernel.Call(FuseOpcode.ReadDirectory, Unknown, FuseKernelFake.ReadBody(0, 4096)).Error);
    }

    [Fact]
    public async Task ReadDirectory_InSmallSteps_ListsEveryEntryOnce()
    {
        string[] versions = [.. Enumerable.Range(1, 40).Select(number => number.ToString())];
        await using MountRig rig = new(MountRig.Manifest(("debian", versions)));

        List<string> names = rig.List(rig.Find("debian"));

        Assert.Equal([".", "..", .. versions, "latest"], names.OrderBy(name => Array.IndexOf([".", "..", .. versions, "latest"], name)));
    }

    [Fact]
    public async Task ReadDirectory_VersionsChangeMeanwhile_StillListsTheRestOnce()
    {
        string[] versions = [.. Enumerable.Range(1, 20).Select(number => number.ToString())];
        await using MountRig rig = new(MountRig.Manifest(("debian", versions)));

        List<string> names = rig.List(rig.Find("debian"), between: call =>
        {
            if (call == 5) rig.Files.Show(MountRig.Manifest(("debian", [.. versions[3..], "21"])));
        });

        Assert.Equal(names.Count, names.Distinct().Count());
        Assert.All(versions[3..], version => Assert.Contains(version, names));
    }

    [Fact]
    public async Task Read_AnyRange_GivesTheDisksBytes()
    {
        await using MountRig rig = new MountRig(MountRig.Manifest("debian", ("1", First))).With(First);
        ulong disk = rig.Find("debian", "1", "disk.raw");

        Assert.Equal(First.Bytes, rig.ReadAll(disk));
        Assert.Equal(First.Bytes[70_000..80_000], rig.Kernel.Read(disk, 70_000, 10_000).Body);
        Assert.Empty(rig.Kernel.Read(disk, First.Bytes.Length, 4096).Body);
    }

    [Fact]
    public async Task Read_NotADisk_SaysSo()
    {
        await using MountRig rig = new(MountRig.Manifest(("debian", ["1"])));
        Assert.Equal(FuseError.EISDIR, rig.Kernel.Read(rig.Find("debian"), 0, 4096).Error);
    }

    [Fact]
    public async Task Read_NobodyHasTheBlock_IsAnInputError()
    {
        await using MountRig rig = new MountRig(MountRig.Manifest("debian", ("1", First)), _ => new FakeBlockSource()).With(First, local: false);
        Assert.Equal(FuseError.EIO, rig.Kernel.Read(rig.Find("debian", "1", "disk.raw"), 0, 1 << 20).Error);
    }

    [Fact]
    public async Task Seek_DataAndHole_ComeFromTheIndex()
    {
        await using MountRig rig = new MountRig(MountRig.Manifest("debian", ("1", First))).With(First);
        ulong disk = rig.Find("debian", "1", "disk.raw");

        for (long block = 0; block < First.Geometry.BlockCount; block++)
        {
            bool zero = First.Row(block).StoredLength == 0;
            long offset = First.Geometry.OffsetOf(block) + 7;
            FuseReply reply = rig.Kernel.Call(FuseOpcode.Seek, disk, FuseKernelFake.SeekBody(offset, zero ? FuseSeek.Hole : FuseSeek.Data));
            Assert.Equal(offset, BinaryPrimitives.ReadInt64LittleEndian(reply.Body));
        }

        Assert.Equal(FuseError.ENXIO, rig.Kernel.Call(FuseOpcode.Seek, disk, FuseKernelFake.SeekBody(First.Bytes.Length, FuseSeek.Data)).Error);
    }

    [Fact]
    public async Task Show_NewVersion_LatestFollowsAndOpenDiskStays()
    {
        await using MountRig rig = new MountRig(MountRig.Manifest("debian", ("1", First))).With(First).With(Second);
        ulong opened = rig.Find("debian", "latest") == 0 ? 0 : rig.Find("debian", "1", "disk.raw");

        rig.Files.Show(MountRig.Manifest("debian", ("1", First), ("2", Second)));

        Assert.Equal("2", rig.ReadLink(rig.Find("debian", "latest")));
        Assert.Equal(Second.Bytes, rig.ReadAll(rig.Find("debian", "2", "disk.raw")));
        Assert.Equal(First.Bytes, rig.ReadAll(opened));
    }

    [Fact]
    public async Task Show_VersionGone_HasNoNameButStaysReadableForWhoHasItOpen()
    {
        await using MountRig rig = new MountRig(MountRig.Manifest("debian", ("1", First), ("2", Second))).With(First).With(Second);
        ulong opened = rig.Find("debian", "1", "disk.raw");

        rig.Files.Show(MountRig.Manifest("debian", ("2", Second)));

        Assert.Equal(FuseError.ENOENT, rig.Lookup(rig.Find("debian"), "1").Error);
        Assert.Equal(First.Bytes, rig.ReadAll(opened));
    }

    [Fact]
    public async Task GetExtendedAttribute_OfADisk_TellsVersionIndexAndBlockSize()
    {
        await using MountRig rig = new MountRig(MountRig.Manifest("debian", ("1", First))).With(First);
        ulong disk = rig.Find("debian", "1", "disk.raw");

        Assert.Equal("1", Attribute("user.oscircular.version"));
        Assert.Equal(First.Root.ToString(), Attribute("user.oscircular.index"));
        Assert.Equal("65536", Attribute("user.oscircular.block-size"));
        Assert.Equal(FuseError.ENODATA, rig.Kernel.Call(FuseOpcode.GetExtendedAttribute, disk, FuseKernelFake.SizedName(1024, "user.other")).Error);

        string Attribute(string name) => Encoding.ASCII.GetString(rig.Kernel.Call(FuseOpcode.GetExtendedAttribute, disk, FuseKernelFake.SizedName(1024, name)).Body);
    }

    [Fact]
    public async Task Read_InterruptedWhileItWaits_IsAnsweredAndGivesEverythingBack()
    {
        TaskCompletionSource gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using MountRig rig = new MountRig(MountRig.Manifest("debian", ("1", First)), inner => new FaultySource(inner, (_, _) => Fault.HeldUntil(gate.Task)))
            .With(First, local: false);
        ulong disk = rig.Find("debian", "1", "disk.raw");

        ulong unique = rig.Kernel.Send(FuseOpcode.Read, disk, FuseKernelFake.ReadBody(0, 1 << 20));
        rig.Kernel.Interrupt(unique);
        Assert.Equal(FuseError.EINTR, rig.Kernel.Receive(unique).Error);

        gate.SetResult();
        Assert.Equal(First.Bytes, rig.ReadAll(disk));
    }
}
