using OsCircular.Blocks;
using OsCircular.Sources;
using Xunit;

namespace OsCircular.TestKit.Sources;

/// <summary>
/// What every <see cref="IBlockSource"/> must keep. An implementation's test derives from this and makes a source that holds what it is given;
/// the last entry of it is damaged: its bytes have the right length and are not what their name says.
/// </summary>
public abstract class BlockSourceConformance : IAsyncDisposable
{
    private const int Length = 8192;
    private static readonly byte[] First = TestBlocks.Make(1, Length);
    private static readonly byte[] Second = TestBlocks.Make(2, Length / 2);
    private static readonly byte[] Damaged = TestBlocks.Make(3, Length);
    private IBlockSource? _source;

    /// <summary>Makes the source, on the system's clock. What it needs to end is ended in <see cref="DisposeAsync"/>.</summary>
    protected abstract ValueTask<IBlockSource> CreateAsync(IReadOnlyDictionary<BlockName, byte[]> held);

    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Fetch_HeldBlock_LiesVerifiedInTheLentBuffer()
    {
        byte[] buffer = new byte[Length + 100];
        Fetched fetched = await FetchAsync(TestBlocks.Request(First), buffer);

        Assert.Equal(SourceError.None, fetched.Error);
        Assert.Equal(BlockName.Of(First), fetched.Block.Name);
        Assert.True(fetched.Block.Bytes.Span.SequenceEqual(First));
        Assert.True(fetched.Block.Bytes.Span.Overlaps(buffer, out int offset));
        Assert.Equal(0, offset);
    }

    [Fact]
    public async Task Fetch_BufferOfExactlyTheLength_Suffices()
    {
        byte[] buffer = new byte[Second.Length];
        Fetched fetched = await FetchAsync(TestBlocks.Request(Second), buffer);
        Assert.True(fetched.Succeeded);
        Assert.Equal(Second, buffer);
    }

    [Fact]
    public async Task Fetch_BlockNobodyHolds_IsMissing() =>
        Assert.Equal(SourceError.Missing, (await FetchAsync(TestBlocks.Request(TestBlocks.Make(99)), new byte[Length])).Error);

    [Fact]
    public async Task Fetch_DamagedBlock_IsAnErrorAndNeverBytes()
    {
        Fetched fetched = await FetchAsync(TestBlocks.Request(Damaged), new byte[Length]);
        Assert.NotEqual(SourceError.None, fetched.Error);
        Assert.True(fetched.Block.Bytes.IsEmpty);
    }

    [Fact]
    public async Task Fetch_WithAnotherStoredLength_IsAnErrorAndNeverBytes()
    {
        BlockRequest wrong = TestBlocks.Request(BlockName.Of(First), Length - 1);
        Fetched fetched = await FetchAsync(wrong, new byte[Length]);
        Assert.NotEqual(SourceError.None, fetched.Error);
    }

    [Fact]
    public async Task Fetch_CancelledToken_AnswersCancelledOrTheBlock()
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        IBlockSource source = await SourceAsync();
        Fetched fetched = await source.FetchAsync(TestBlocks.Request(First), new byte[Length], cancelled.Token).AsTask().WaitAsync(Patience);
        Assert.Contains(fetched.Error, new[] { SourceError.Cancelled, SourceError.None });
    }

    [Fact]
    public async Task Fetch_PastDeadline_AnswersTimedOutOrTheBlock()
    {
        Fetched fetched = await FetchAsync(TestBlocks.Request(First, limit: TimeSpan.Zero), new byte[Length]);
        Assert.Contains(fetched.Error, new[] { SourceError.TimedOut, SourceError.None });
    }

    [Fact]
    public async Task Fetch_ManyInParallel_EachGetsItsOwnBlock()
    {
        byte[][] wanted = [First, Second];
        IBlockSource source = await SourceAsync();
        await Parallel.ForEachAsync(Enumerable.Range(0, 64), async (i, token) =>
        {
            byte[] block = wanted[i % wanted.Length];
            byte[] buffer = new byte[block.Length];
            Fetched fetched = await source.FetchAsync(TestBlocks.Request(block), buffer, token);
            Assert.Equal(SourceError.None, fetched.Error);
            Assert.Equal(block, buffer);
        }).WaitAsync(Patience);
    }

    [Fact]
    public async Task Fetch_AfterItCompleted_LeavesTheBufferAlone()
    {
        byte[] buffer = new byte[Length];
        Assert.True((await FetchAsync(TestBlocks.Request(First), buffer)).Succeeded);
        buffer.AsSpan().Fill(0x5A);
        for (int i = 0; i < 8; i++) Assert.True((await FetchAsync(TestBlocks.Request(Second), new byte[Length])).Succeeded);
        Assert.False(buffer.AsSpan().ContainsAnyExcept((byte)0x5A));
    }

    [Fact]
    public async Task ToString_NamesTheChain() => Assert.DoesNotContain("OsCircular.", (await SourceAsync()).ToString());

    private static TimeSpan Patience => TimeSpan.FromSeconds(30);

    private async Task<Fetched> FetchAsync(BlockRequest request, Memory<byte> buffer)
    {
        IBlockSource source = await SourceAsync();
        return await source.FetchAsync(request, buffer, TestContext.Current.CancellationToken).AsTask().WaitAsync(Patience);
    }

    private async ValueTask<IBlockSource> SourceAsync()
    {
        byte[] spoilt = [.. Damaged];
        spoilt[Length / 2] ^= 1;
        return _source ??= await CreateAsync(new Dictionary<BlockName, byte[]>
        {
            [BlockName.Of(First)] = First,
            [BlockName.Of(Second)] = Second,
            [BlockName.Of(Damaged)] = spoilt,
        });
    }
}
