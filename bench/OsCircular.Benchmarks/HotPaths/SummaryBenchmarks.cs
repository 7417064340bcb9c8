using BenchmarkDotNet.Attributes;
using OsCircular.Peers.Summaries;
using OsCircular.Sources;

namespace OsCircular.Benchmarks.HotPaths;

/// <summary>Whether a peer holds a name, and what telling it costs. Every lookup is of another key, so that the bucket is seldom in the processor's cache.</summary>
public class SummaryBenchmarks : IHeldNames
{
    private const int Lookups = 4096;

    private readonly PeerSummary _peer = new();
    private readonly ulong[] _absent = new ulong[Lookups];
    private ulong[] _keys = [];
    private int _next;

    [Params(10_000, 1_000_000)]
    public int Names { get; set; }

    public long Sequence => 0;

    [GlobalSetup]
    public void Fill()
    {
        Random random = new(1);
        _keys = new ulong[Names];
        Fill(random, _keys);
        Fill(random, _absent);
        if (!_peer.TryApply(BuildAll(), [], out string? fault)) throw new InvalidOperationException(fault);
    }

    [Benchmark]
    public bool MayHoldAbsent() => _peer.MayHold(_absent[_next++ & (Lookups - 1)]);

    [Benchmark]
    public bool MayHoldHeld() => _peer.MayHold(_keys[_next++ & (Lookups - 1)]);

    [Benchmark]
    public byte[] BuildAll() => new SummaryWriter(this, 1).Answer(null);

    public long CopyChanges(long since, List<HeldChange> changes) => 0;

    public long CopyKeys(List<ulong> keys)
    {
        keys.AddRange(_keys);
        return 0;
    }

    private static void Fill(Random random, ulong[] keys)
    {
        for (int i = 0; i < keys.Length; i++) keys[i] = (ulong)random.NextInt64(long.MinValue, long.MaxValue);
    }
}
