using OsCircular.Sources;

namespace OsCircular.Disks;

/// <summary>What a step under the gate has brought about and others must hear of: told when the gate is open again, so that no foreign code runs under it.</summary>
internal struct Afterwards
{
    private DiskRead? _finished;
    private List<CancellationTokenSource>? _cancelled;
    private List<BlockRequest>? _raised;

    public void Completed(DiskRead read)
    {
        read.NextFinished = _finished;
        _finished = read;
    }

    public void Cancelled(CancellationTokenSource fetch) => (_cancelled ??= []).Add(fetch);

    public void Raised(BlockRequest request) => (_raised ??= []).Add(request);

    public void Tell()
    {
        if (_raised is not null)
            foreach (BlockRequest request in _raised) request.RaiseTo(FetchClass.Reader);
        if (_cancelled is not null)
            foreach (CancellationTokenSource fetch in _cancelled) fetch.Cancel();

        // The owner may use a completed read again within the call: its link is taken before.
        for (DiskRead? read = _finished; read is not null;)
        {
            DiskRead? next = read.NextFinished;
            read.NextFinished = null;
            read.Complete();
            read = next;
        }
    }
}
