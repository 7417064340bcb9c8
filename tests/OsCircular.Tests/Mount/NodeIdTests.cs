using OsCircular.Mount;

namespace OsCircular.Tests.Mount;

public class NodeIdTests
{
    // The kernel keeps these numbers over a change of agents: they may never change.
    [Theory]
    [InlineData(NodeKind.Image, "debian", "", 4089094157621142568)]
    [InlineData(NodeKind.Version, "debian", "1", 2483952039260290567)]
    [InlineData(NodeKind.Disk, "debian", "1", 8231336228961195673)]
    [InlineData(NodeKind.Latest, "debian", "", 2323301061296062758)]
    [InlineData(NodeKind.Disk, "debian", "12.7-lab", 1454750455617899970)]
    public void Of_GoldenValues(NodeKind kind, string image, string version, ulong id) => Assert.Equal(id, NodeId.Of(kind, image, version));

    [Fact]
    public void Of_NamesThatJoinAlike_Differ() => Assert.NotEqual(NodeId.Of(NodeKind.Disk, "ab", "c"), NodeId.Of(NodeKind.Disk, "a", "bc"));
}
