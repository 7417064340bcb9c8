using System.Runtime.CompilerServices;
using OsCircular.Fuse.Protocol;

namespace OsCircular.Tests.Fuse;

/// <summary>Sizes as the C compiler gives them for include/uapi/linux/fuse.h.</summary>
public sealed class FuseStructureTests
{
    [Fact]
    public void Structures_OfTheProtocol_HaveTheSizesOfTheKernelHeader()
    {
        Assert.Equal(40, Unsafe.SizeOf<InHeader>());
        Assert.Equal(16, Unsafe.SizeOf<OutHeader>());
        Assert.Equal(16, Unsafe.SizeOf<InitIn>());
        Assert.Equal(64, Unsafe.SizeOf<InitOut>());
        Assert.Equal(88, Unsafe.SizeOf<Attributes>());
        Assert.Equal(128, Unsafe.SizeOf<EntryOut>());
        Assert.Equal(104, Unsafe.SizeOf<AttributesOut>());
        Assert.Equal(8, Unsafe.SizeOf<OpenIn>());
        Assert.Equal(16, Unsafe.SizeOf<OpenOut>());
        Assert.Equal(40, Unsafe.SizeOf<ReadIn>());
        Assert.Equal(80, Unsafe.SizeOf<StatisticsOut>());
        Assert.Equal(8, Unsafe.SizeOf<ExtendedAttributeSize>());
        Assert.Equal(8, Unsafe.SizeOf<AccessIn>());
        Assert.Equal(24, Unsafe.SizeOf<SeekIn>());
        Assert.Equal(24, Unsafe.SizeOf<DirectoryEntry>());
        Assert.Equal(24, Unsafe.SizeOf<InvalidateInodeOut>());
        Assert.Equal(16, Unsafe.SizeOf<InvalidateEntryOut>());
    }
}
