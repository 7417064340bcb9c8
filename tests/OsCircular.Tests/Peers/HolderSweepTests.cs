using Microsoft.Extensions.Time.Testing;
using OsCircular.Blocks;
using OsCircular.Peers;
using OsCircular.Peers.Summaries;
using OsCircular.Sources;
using OsCircular.Sources.Transfers;
using OsCircular.TestKit.Peers;
using OsCircular.TestKit.Sources;

namespace OsCircular.Tests.Peers;

public sealed class HolderSweepTests : IDisposable
{
    private static readonly ulong Key = HeldKey.Of(BlockName.Of("a block"u8));

    private readonly FakeTimeProvider _time = new();
    private readonly RecordedLog _log = new();
    private readonly TestMembers _members;
    private readonly PeerSet _peers;

    public HolderSweepTests()
    {
        _members = new TestMembers(_time);
        _peers = _members.Set(new Random(1), _log);
        FakeHeldNames names = new();
        names.Add(Key);
        byte[] summary = new SummaryWriter(names, 1).Answer(null);
        for (int i = 1; i <= 3; i++) Assert.True(_members.Add(i).Summary.TryApply(summary, [], out _));
    }

    public void Dispose() => _members.Dispose();

    [Fact]
    public async Task Run_ADefectOfOurs_IsLoggedOnceAMinuteAndHeldAgainstNobody()
    {
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(SourceError.Refused, await RunAsync(CancellationToken.None));
            _time.Advance(TimeSpan.FromSeconds(5));
        }

        Assert.Contains("should not", Assert.Single(_log.Lines), StringComparison.Ordinal);
        Assert.All(_members.Table.All, member => Assert.True(member.IsUsable));
        _time.Advance(TimeSpan.FromMinutes(1));
        await RunAsync(CancellationToken.None);
        Assert.Equal(2, _log.Lines.Count);
    }

    [Fact]
    public async Task Run_Cancelled_IsCancelledAndNoDefect()
    {
        Assert.Equal(SourceError.Cancelled, await RunAsync(new CancellationToken(canceled: true)));
        Assert.Empty(_log.Lines);
    }

    private ValueTask<SourceError> RunAsync(CancellationToken cancellationToken) =>
        HolderSweep.RunAsync(HolderSweep.Pipeline(_time), _peers, new Defective(), Key, null, cancellationToken);

    /// <summary>Fails where nothing should.</summary>
    private sealed class Defective : WantedFile
    {
        public override string Path => "blocks/x";
        public override int Length => 1;

        public override BodyBuffer Rent() => throw new InvalidOperationException("a defect");

        public override bool Accept(BodyBuffer body) => false;

        public override void Return(BodyBuffer body)
        {
        }
    }
}
