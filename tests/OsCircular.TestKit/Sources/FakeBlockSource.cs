using System.Collections.Concurrent;
using OsCircular.Blocks;
using OsCircular.Sources;

namespace OsCircular.TestKit.Sources;

/// <summary>Block files in memory. What lies under a name need not be its block: a damaged copy is answered with <see cref="SourceError.Invalid"/>.</summary>
public sealed class FakeBlockSource : IBlockSource
{
    private readonly ConcurrentDictionary<BlockName, byte[]> _held = new();
    private readonly ConcurrentQueue<BlockRequest> _requests = new();
    private readonly string _name;
    private int _running;
    private int _mostRunning;

    public FakeBlockSource(string name = "fake") => _name = name;

    public FakeBlockSource(IReadOnlyDictionary<BlockName, byte[]> held, string name = "fake") : this(name)
    {
        foreach ((BlockName blockName, byte[] bytes) in held) _held[blockName] = bytes;
    }

    /// <summary>Every request, in the order in which they came.</summary>
    public IReadOnlyList<BlockRequest> Requests => [.. _requests];

    public int Calls => _requests.Count;
    public int Running => Volatile.Read(ref _running);

    /// <summary>The most calls that ran at one time.</summary>
    public int MostRunning => Volatile.Read(ref _mostRunning);

    /// <summary>Every call waits for this before it answers; replace it with an unfinished one to hold calls back.</summary>
    public TaskCompletionSource Gate { get; set; } = Opened();

    public static TaskCompletionSource Closed() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    public BlockName Add(byte[] blockFile)
    {
        BlockName name = BlockName.Of(blockFile);
        _held[name] = blockFile;
        return name;
    }

    /// <summary>Puts bytes under a name that is not theirs.</summary>
    public void AddDamaged(BlockName name, byte[] bytes) => _held[name] = bytes;

    public void Remove(BlockName name) => _held.TryRemove(name, out _);

    public async ValueTask<Fetched> FetchAsync(BlockRequest request, Memory<byte> destination, CancellationToken cancellationToken)
    {
        _requests.Enqueue(request);
        int running = Interlocked.Increment(ref _running);
        for (int most = MostRunning; running > most; most = MostRunning) Interlocked.CompareExchange(ref _mostRunning, running, most);
        try
        {
            return await AnswerAsync(request, destination, Gate.Task, cancellationToken);
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }
    }

    public override string ToString() => _name;

    private async ValueTask<Fetched> AnswerAsync(BlockRequest request, Memory<byte> destination, Task gate, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested) return SourceError.Cancelled;
        if (request.Deadline.HasPassed) return SourceError.TimedOut;
        try
        {
            await gate.WaitAsync(request.Deadline.Remaining, request.Deadline.Time, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            return SourceError.Cancelled;
        }
        catch (TimeoutException)
        {
            return SourceError.TimedOut;
        }

        if (!_held.TryGetValue(request.Name, out byte[]? bytes)) return SourceError.Missing;
        if (bytes.Length != request.StoredLength) return SourceError.Invalid;
        bytes.CopyTo(destination);
        return StoredBlock.TryVerify(request.Name, destination[..bytes.Length], out StoredBlock block) ? Fetched.Of(block) : SourceError.Invalid;
    }

    private static TaskCompletionSource Opened()
    {
        var opened = new TaskCompletionSource();
        opened.SetResult();
        return opened;
    }
}
