using System.Collections.Concurrent;
using OsCircular.Disks;
using OsCircular.Fuse;
using OsCircular.Sources;

namespace OsCircular.Mount;

/// <summary>Seeks that wait for index pages. Owns their tasks: disposing cancels them and waits for the last.</summary>
internal sealed class PendingSeeks(TimeSpan limit, TimeProvider time) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<Task, byte> _running = [];

    public void Start(Disk disk, FuseSeekRequest request)
    {
        Task answer = AnswerAsync(disk, request);
        if (answer.IsCompletedSuccessfully) return;
        _running.TryAdd(answer, 0);
        // Runs at once where the answer came between the two lines above.
        answer.GetAwaiter().OnCompleted(() => _running.TryRemove(answer, out _));
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_running.Keys).ConfigureAwait(false);
        _stopping.Dispose();
    }

    private async Task AnswerAsync(Disk disk, FuseSeekRequest request)
    {
        using CancellationTokenSource wait = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        using SeekInterrupt interrupt = new(wait);
        if (!request.TrySetInterruptHandler(interrupt))
        {
            request.ReplyError(FuseError.EINTR);
            return;
        }

        SeekTarget target = request.Whence == FuseSeek.Data ? SeekTarget.Data : SeekTarget.Hole;
        (SourceError error, long offset) = await disk.SeekAsync(request.Offset, target, Deadline.In(limit, time), wait.Token).ConfigureAwait(false);
        if (error != SourceError.None) request.ReplyError(ErrorNumbers.Of(error));
        else if (offset < 0) request.ReplyError(FuseError.ENXIO);
        else request.Reply(offset);
    }

    /// <summary>Cancels one seek when its process was signalled.</summary>
    private sealed class SeekInterrupt(CancellationTokenSource wait) : IFuseInterruptible, IDisposable
    {
        private readonly Lock _gate = new();
        private bool _over;

        public void OnInterrupt(FuseRequest request)
        {
            lock (_gate)
            {
                if (!_over) wait.Cancel();
            }
        }

        public void Dispose()
        {
            lock (_gate) _over = true;
        }
    }
}
