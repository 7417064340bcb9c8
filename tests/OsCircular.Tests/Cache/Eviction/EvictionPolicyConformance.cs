using CsCheck;
using OsCircular.Cache.Eviction;

namespace OsCircular.Tests.Cache.Eviction;

/// <summary>What every eviction policy must keep; a new policy's test derives from this.</summary>
public abstract class EvictionPolicyConformance
{
    private const int Room = 1000;

    protected abstract IEvictionPolicy Create();

    [Fact]
    public void AnyCalls_AgainstAModel_GiveUpOnlyWhatIsHeld()
    {
        // The low bits choose the call, the rest the slot.
        Gen.UShort.Array[0, 2000].Sample(calls =>
        {
            IEvictionPolicy policy = Create();
            HashSet<int> held = [];
            foreach (ushort call in calls)
            {
                int slot = call >> 3;
                switch (call & 7)
                {
                    case 0 or 1 or 2 when held.Add(slot):
                        policy.Add(slot, (uint)slot);
                        break;
                    case 3 when held.Add(slot):
                        policy.Restore(slot, (uint)slot, (byte)(call >> 8));
                        break;
                    case 4 or 5:
                        policy.Touch(slot);
                        break;
                    case 6:
                        policy.Remove(slot);
                        held.Remove(slot);
                        break;
                    case 7:
                        int victim = policy.TakeVictim();
                        Assert.Equal(held.Count == 0, victim < 0);
                        Assert.True(victim < 0 || held.Remove(victim));
                        break;
                }

                Assert.Equal(held.Count, policy.Count);
            }

            while (held.Count > 0) Assert.True(held.Remove(policy.TakeVictim()));
            Assert.Equal(-1, policy.TakeVictim());
        }, iter: 500);
    }

    [Fact]
    public void HotSetReadTwice_ScanOfTenTimesTheRoom_Survives()
    {
        Simulation cache = new(Create(), Room);
        int[] hot = [.. Enumerable.Range(0, Room / 2)];
        foreach (int block in hot) cache.Read(block);
        foreach (int block in hot) cache.Read(block);
        for (int block = 0; block < Room * 10; block++) cache.Read(100_000 + block);

        int missing = hot.Count(block => !cache.Holds(block));
        Assert.Equal(0, missing);
    }

    [Fact]
    public void HotSetMoves_OldOneIsForgotten()
    {
        Simulation cache = new(Create(), Room);
        for (int round = 0; round < 8; round++) cache.ReadAll(0, Room * 8 / 10);
        for (int round = 0; round < 12; round++) cache.ReadAll(10_000, Room * 8 / 10);

        int missesBefore = cache.Misses;
        cache.ReadAll(10_000, Room * 8 / 10);
        Assert.InRange(cache.Misses - missesBefore, 0, Room / 20);
    }

    [Fact]
    public void SaveAndRestore_HotBlocks_OutliveNewcomers()
    {
        Simulation cache = new(Create(), Room);
        for (int round = 0; round < 3; round++) cache.ReadAll(0, Room / 2);
        for (int block = 0; block < Room; block++) cache.Read(50_000 + block);
        Simulation restarted = cache.Restarted(Create());
        for (int block = 0; block < Room * 2; block++) restarted.Read(100_000 + block);
        Assert.All(Enumerable.Range(0, Room / 2), block => Assert.True(restarted.Holds(block)));
    }

    /// <summary>A cache of equal blocks: a block's number is its fingerprint; slots are reused as the real table does.</summary>
    private sealed class Simulation(IEvictionPolicy policy, int room)
    {
        private readonly Dictionary<int, int> _slotOf = [];
        private readonly Dictionary<int, int> _blockAt = [];
        private readonly Stack<int> _free = new(Enumerable.Range(0, room).Reverse());

        public int Misses { get; private set; }

        public bool Holds(int block) => _slotOf.ContainsKey(block);

        public void ReadAll(int first, int count)
        {
            for (int block = first; block < first + count; block++) Read(block);
        }

        public void Read(int block)
        {
            if (_slotOf.TryGetValue(block, out int slot))
            {
                policy.Touch(slot);
                return;
            }

            Misses++;
            if (_free.Count == 0) Evict();
            Enter(block);
            policy.Add(_slotOf[block], (uint)block);
        }

        public Simulation Restarted(IEvictionPolicy fresh)
        {
            Simulation restarted = new(fresh, room);
            foreach ((int block, int slot) in _slotOf.OrderBy(pair => pair.Value))
            {
                restarted.Enter(block);
                fresh.Restore(restarted._slotOf[block], (uint)block, policy.Save(slot));
            }

            return restarted;
        }

        private void Enter(int block)
        {
            int slot = _free.Pop();
            _slotOf[block] = slot;
            _blockAt[slot] = block;
        }

        private void Evict()
        {
            int slot = policy.TakeVictim();
            Assert.True(_blockAt.Remove(slot, out int block));
            _slotOf.Remove(block);
            _free.Push(slot);
        }
    }
}

public sealed class S3FifoTests : EvictionPolicyConformance
{
    protected override IEvictionPolicy Create() => new S3Fifo();
}
