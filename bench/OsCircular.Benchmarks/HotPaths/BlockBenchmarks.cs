using BenchmarkDotNet.Attributes;
using OsCircular.Blocks;

namespace OsCircular.Benchmarks.HotPaths;

/// <summary>What every block goes through on its way into the disk, one thread.</summary>
public class BlockBenchmarks : IDisposable
{
    private readonly SampleBlock _sample = new();
    private readonly BlockDecoder _decoder = new();
    private readonly BlockEncoder _encoder = new();
    private readonly byte[] _block = GC.AllocateUninitializedArray<byte>(BlockGeometry.DefaultBlockSize, pinned: true);
    private readonly byte[] _room = GC.AllocateUninitializedArray<byte>(BlockEncoder.RoomFor(BlockGeometry.DefaultBlockSize), pinned: true);
    private StoredBlock _stored;

    [GlobalSetup]
    public void Verify()
    {
        if (!StoredBlock.TryVerify(_sample.Row.Name, _sample.File, out _stored)) throw new InvalidOperationException("The sample is not what its name says.");
    }

    [Benchmark]
    public BlockName Name() => BlockName.Of(_sample.File);

    [Benchmark]
    public bool TryVerify() => StoredBlock.TryVerify(_sample.Row.Name, _sample.File, out _);

    [Benchmark]
    public bool Decode() => _decoder.TryDecode(_sample.Row.Encoding, _sample.File, _block);

    [Benchmark]
    public bool MapProven() => Block.TryMap(_sample.Row, _stored, proven: true, _decoder, _block, out _);

    [Benchmark]
    public bool MapUnproven() => Block.TryMap(_sample.Row, _stored, proven: false, _decoder, _block, out _);

    [Benchmark]
    public int Encode() => _encoder.Encode(_sample.Content, _room).Length;

    public void Dispose()
    {
        _decoder.Dispose();
        _encoder.Dispose();
    }
}
