using CsCheck;
using OsCircular.Peers.Summaries;
using OsCircular.Sources;
using OsCircular.TestKit.Sources;

namespace OsCircular.Tests.Peers.Summaries;

/// <summary>Two askers, one that asks often and one that asks seldom, beside the plain set of what is held.</summary>
public sealed class SummaryModelTests
{
    private const int Seconds = 3;

    private enum Step
    {
        Add,
        AddMany,
        AddInBulk,
        Remove,
        RemoveMany,
        Restart,
        AskOften,
        AskSeldom,
        LoseAnAnswer,
    }

    private static readonly Gen<Step> AnyStep = Gen.Frequency(
        (4, Gen.Const(Step.Add)), (2, Gen.Const(Step.AddMany)), (1, Gen.Const(Step.AddInBulk)), (3, Gen.Const(Step.Remove)), (1, Gen.Const(Step.RemoveMany)),
        (1, Gen.Const(Step.Restart)), (8, Gen.Const(Step.AskOften)), (2, Gen.Const(Step.AskSeldom)), (1, Gen.Const(Step.LoseAnAnswer)));

    [Fact]
    public void Summary_AfterAnySteps_OwnsToAllThatIsHeldAndLittleElse() =>
        Gen.Select(AnyStep.Array[1, 120], Gen.Int).Sample(
            (steps, seed) =>
            {
                Model model = new(seed);
                foreach (Step step in steps) model.Do(step);
                model.CatchUp();
            },
            time: Seconds,
            threads: 2);

    private sealed class Model(int seed)
    {
        private readonly Random _random = new(seed);
        private readonly PeerSummary _often = new();
        private readonly PeerSummary _seldom = new();
        private readonly List<ulong> _gone = [];
        private FakeHeldNames _names = new(remembered: 3000);
        private SummaryWriter? _writer;
        private ulong _epoch;

        private SummaryWriter Writer => _writer ??= new SummaryWriter(_names, ++_epoch);

        public void Do(Step step)
        {
            switch (step)
            {
                case Step.Add: Add(1); break;
                case Step.AddMany: Add(_random.Next(1500)); break;
                case Step.AddInBulk: _names.AddInBulk(Enumerable.Range(0, _random.Next(3000)).Select(_ => Key())); break;
                case Step.Remove: Remove(1); break;
                case Step.RemoveMany: Remove(_random.Next(500)); break;
                case Step.Restart: Restart(); break;
                case Step.AskOften: Ask(_often); break;
                case Step.AskSeldom: Ask(_seldom); break;
                case Step.LoseAnAnswer: Writer.Answer(_often.Position); break;
            }
        }

        /// <summary>Asks until nothing is new, and compares.</summary>
        public void CatchUp()
        {
            foreach (PeerSummary asker in new[] { _often, _seldom })
            {
                int asked = 0;
                string current = $"{_epoch:x16}:{_names.Sequence}";
                do Ask(asker);
                while (asker.Position != current && ++asked < 3);
                HashSet<ulong> held = [.. _names.Keys];
                Assert.All(held, key => Assert.True(asker.MayHold(key), $"{key:x16} is held"));
                Assert.InRange(asker.Names, held.Count * 0.99 - 5, held.Count * 1.01 + 5);
                Assert.InRange(_gone.Count(key => !held.Contains(key) && asker.MayHold(key)), 0, 5 + _gone.Count / 200);
            }
        }

        private void Add(int count)
        {
            for (int i = 0; i < count; i++) _names.Add(_gone.Count > 0 && _random.Next(4) == 0 ? _gone[_random.Next(_gone.Count)] : Key());
        }

        private void Remove(int count)
        {
            ulong[] keys = _names.Keys;
            _random.Shuffle(keys);
            foreach (ulong key in keys.Take(count))
            {
                _names.Remove(key);
                _gone.Add(key);
            }
        }

        // What is held stays; how it changed is forgotten.
        private void Restart()
        {
            FakeHeldNames names = new(remembered: 3000);
            names.AddInBulk(_names.Keys);
            _names = names;
            _writer = null;
        }

        private void Ask(PeerSummary asker)
        {
            List<HeldChange> changes = [];
            Assert.True(asker.TryApply(Writer.Answer(asker.Position), changes, out string? fault), fault);
        }

        private ulong Key() => (ulong)_random.NextInt64(long.MinValue, long.MaxValue);
    }
}
