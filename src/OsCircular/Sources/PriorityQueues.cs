using OsCircular.Sources.Rates;

namespace OsCircular.Sources;

/// <summary>Who waits and who runs, by class. Not thread-safe.</summary>
internal sealed class PriorityQueues(int maxInFlight)
{
    private static readonly int Classes = Enum.GetValues<FetchClass>().Length;

    private readonly LinkedList<PriorityTicket>[] _queues = [.. Enumerable.Range(0, Classes).Select(_ => new LinkedList<PriorityTicket>())];
    private readonly ClassLoad[] _loads = new ClassLoad[Classes];

    /// <summary>What runs or waits in one class.</summary>
    public ClassLoad this[FetchClass fetchClass] => _loads[(int)fetchClass];

    public void Enqueue(PriorityTicket ticket)
    {
        ticket.Place = _queues[(int)ticket.Class].AddLast(ticket);
        _loads[(int)ticket.Class].Waiting++;
    }

    public void Start(PriorityTicket ticket)
    {
        ticket.IsRunning = true;
        ref ClassLoad load = ref _loads[(int)ticket.Class];
        load.Running++;
        load.RunningBytes += ticket.Request.StoredLength;
        ticket.GiveTurn();
    }

    public void Remove(PriorityTicket ticket)
    {
        ref ClassLoad load = ref _loads[(int)ticket.Class];
        if (ticket.Place is { } place)
        {
            _queues[(int)ticket.Class].Remove(place);
            ticket.Place = null;
            load.Waiting--;
        }
        else if (ticket.IsRunning)
        {
            ticket.IsRunning = false;
            load.Running--;
            load.RunningBytes -= ticket.Request.StoredLength;
        }
    }

    /// <param name="bytesPerSecond">The measured rate; 0 where nothing was measured.</param>
    /// <param name="cap">What starts takes its length from it; null: no cap.</param>
    /// <returns>False where the cap holds back what else might start.</returns>
    public bool StartWhatMay(double bytesPerSecond, RateCap? cap)
    {
        for (int c = 0; c < _queues.Length; c++)
        {
            while (_queues[c].First is { } first && PriorityRule.MayStart((FetchClass)c, first.Value.Request.StoredLength, _loads, maxInFlight, bytesPerSecond))
            {
                // The most urgent is looked at first, so it is the first to start when the cap lets something through.
                if (cap is not null && !cap.TryTake(first.Value.Request.StoredLength, TimeSpan.Zero, out _)) return false;
                Remove(first.Value);
                Start(first.Value);
            }
        }

        return true;
    }
}

/// <summary>One request's place: queued, running or gone. All but <see cref="Turn"/> is guarded by the source's lock.</summary>
internal sealed class PriorityTicket(BlockRequest request)
{
    // Its continuation runs elsewhere: the turn is given under the lock.
    private readonly TaskCompletionSource _turn = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public BlockRequest Request => request;
    public FetchClass Class { get; set; }
    public LinkedListNode<PriorityTicket>? Place { get; set; }
    public bool IsQueued => Place is not null;
    public bool IsRunning { get; set; }
    public Task Turn => _turn.Task;

    public void GiveTurn() => _turn.TrySetResult();
}
