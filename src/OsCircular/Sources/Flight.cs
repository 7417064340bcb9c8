using OsCircular.Blocks;

namespace OsCircular.Sources;

/// <summary>One fetch under way. Its buffer is its own, for the first asker may leave before the others.</summary>
internal sealed class Flight(BlockRequest first)
{
    private readonly TaskCompletionSource<Fetched> _landing = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _cancel = new();
    private readonly byte[] _rented = BlockBuffers.Shared.Rent(first.StoredLength);
    private Task _flying = Task.CompletedTask;

    public BlockRequest Request { get; } = new(first.Name, first.StoredLength, first.Class, first.Deadline);

    /// <summary>Guarded by the source's lock.</summary>
    public int Askers { get; set; } = 1;

    public Memory<byte> Buffer => _rented.AsMemory(0, Request.StoredLength);
    public CancellationToken Token => _cancel.Token;
    public Task<Fetched> Landing => _landing.Task;

    public void Start(Task<Fetched> flying) => _flying = LandAsync(flying);

    /// <summary>By the last asker, when no other can come.</summary>
    public async ValueTask EndAsync()
    {
        if (!_landing.Task.IsCompleted) await _cancel.CancelAsync();
        await _flying;
        _cancel.Dispose();
        BlockBuffers.Shared.Return(_rented);
    }

    private async Task LandAsync(Task<Fetched> flying)
    {
        try
        {
            _landing.SetResult(await flying);
        }
        catch (Exception e)
        {
            // A defect, not an outcome: every asker sees it.
            _landing.SetException(e);
        }
    }
}
