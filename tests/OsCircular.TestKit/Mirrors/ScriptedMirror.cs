using System.Collections.Concurrent;
using OsCircular.Mirrors;
using OsCircular.Sources;
using OsCircular.Sources.Transfers;

namespace OsCircular.TestKit.Mirrors;

/// <summary>One call to a <see cref="ScriptedMirror"/>.</summary>
/// <param name="Number">Counted from 0.</param>
public sealed record MirrorCall(int Number, string Path, BodyBuffer Body, bool NoCache, CancellationToken Token)
{
    public TransferAnswer Give(ReadOnlySpan<byte> bytes)
    {
        if (!Body.Accepts(bytes.Length)) return SourceError.Invalid;
        Body.Begin(bytes.Length);
        while (bytes.Length > 0)
        {
            Span<byte> room = Body.Room().Span;
            int count = Math.Min(room.Length, bytes.Length);
            bytes[..count].CopyTo(room);
            Body.Advance(count);
            bytes = bytes[count..];
        }

        return SourceError.None;
    }

    /// <summary>Waits for the gate, or for the call's end.</summary>
    public async ValueTask<TransferAnswer> HoldAsync(Task gate, Func<TransferAnswer> then)
    {
        try
        {
            await gate.WaitAsync(Token);
            return then();
        }
        catch (OperationCanceledException)
        {
            return SourceError.Cancelled;
        }
    }
}

/// <summary>A mirror that does what a script says.</summary>
public sealed class ScriptedMirror(string name, Func<MirrorCall, ValueTask<TransferAnswer>> script) : IMirror
{
    private readonly ConcurrentQueue<MirrorCall> _calls = new();
    private int _running;
    private int _most;

    public string Name => name;
    public IReadOnlyList<MirrorCall> Calls => [.. _calls];
    public int Running => Volatile.Read(ref _running);
    public int MostRunning => Volatile.Read(ref _most);

    public static ScriptedMirror Always(string name, SourceError error) => new(name, _ => ValueTask.FromResult<TransferAnswer>(error));

    public static ScriptedMirror Holding(string name, params byte[][] blockFiles)
    {
        var files = blockFiles.ToDictionary(bytes => RepositoryPaths.Block(OsCircular.Blocks.BlockName.Of(bytes)));
        return new ScriptedMirror(name, call => ValueTask.FromResult(
            files.TryGetValue(call.Path, out byte[]? bytes) ? call.Give(bytes) : SourceError.Missing));
    }

    public async ValueTask<TransferAnswer> GetAsync(string path, BodyBuffer body, bool noCache, CancellationToken cancellationToken)
    {
        var call = new MirrorCall(_calls.Count, path, body, noCache, cancellationToken);
        _calls.Enqueue(call);
        int running = Interlocked.Increment(ref _running);
        for (int most = MostRunning; running > most; most = MostRunning) Interlocked.CompareExchange(ref _most, running, most);
        try
        {
            return await script(call);
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }
    }

    public void Dispose()
    {
    }
}
