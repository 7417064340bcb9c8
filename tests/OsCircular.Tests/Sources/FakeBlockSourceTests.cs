using OsCircular.Blocks;
using OsCircular.Sources;
using OsCircular.TestKit.Sources;

namespace OsCircular.Tests.Sources;

public sealed class FakeBlockSourceTests : BlockSourceConformance
{
    protected override ValueTask<IBlockSource> CreateAsync(IReadOnlyDictionary<BlockName, byte[]> held) =>
        ValueTask.FromResult<IBlockSource>(new FakeBlockSource(held));
}

public sealed class FaultySourceTests : BlockSourceWrapperConformance
{
    protected override IBlockSource Wrap(IBlockSource inner, TimeProvider time) => new FaultySource(inner, (_, _) => Fault.None);
}
