namespace OsCircular.Fuse.Holding;

/// <summary>
/// When a holder gives its mount up. Pure: the times are given to it. The takeover time counts from the end of the last agent that was seen to serve;
/// agents that start and end without serving do not put it off, so a request that kills each agent in turn does not keep its reader waiting for ever.
/// </summary>
internal sealed class HolderClock
{
    private TimeSpan? _unservedSince;
    private TimeSpan? _startBegan;
    private bool _hasAgent;

    /// <summary>How long a mount is kept without an agent; zero: not at all.</summary>
    public TimeSpan TakeoverTime { get; set; }

    /// <summary>Whether no further agent is waited for: the one there is is the last.</summary>
    public bool IsLast { get; set; }

    /// <summary>An agent has the descriptor.</summary>
    public void AgentCame(TimeSpan now)
    {
        _hasAgent = true;
        _startBegan = now;
    }

    /// <summary>It does its work.</summary>
    public void AgentServes()
    {
        _unservedSince = null;
        _startBegan = null;
    }

    public void AgentWent(TimeSpan now)
    {
        _hasAgent = false;
        _unservedSince ??= now;
    }

    /// <summary>When to give up; null: not for now.</summary>
    public TimeSpan? GivesUpAt
    {
        get
        {
            if (!_hasAgent) return IsLast ? TimeSpan.Zero : _unservedSince + TakeoverTime;
            // One that took over and neither serves nor ends is given as long as none would be. One that mounted has its own limit for that.
            return _unservedSince == null || TakeoverTime == TimeSpan.Zero ? null : _startBegan + TakeoverTime;
        }
    }
}
