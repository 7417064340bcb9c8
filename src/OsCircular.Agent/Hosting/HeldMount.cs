using Microsoft.Extensions.Logging;
using OsCircular.Fuse;
using OsCircular.Fuse.Holding;

namespace OsCircular.Agent.Hosting;

/// <summary>
/// This agent's mount, and whoever keeps it beside us, so that it outlives this process. Taken over where an agent before us has left one;
/// made where none did.
/// </summary>
/// <remarks>Order: <see cref="Take"/>, <see cref="Open"/>, then a session with <see cref="Session"/>, <see cref="WatchAsync"/> beside it, <see cref="LetGo"/> when it is over.</remarks>
internal sealed class HeldMount(IMountKeeper? keeper, TimeSpan takeoverTime, TimeProvider time, ILoggerFactory logs) : IDisposable
{
    // A request that kills whoever handles it does so within this time of the session's start.
    private static readonly TimeSpan ProofTime = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan WatchInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestWatchInterval = TimeSpan.FromMinutes(5);

    // So many agents in a row ended before their proof time. Agents killed by hand at random moments do not come near it.
    private const int MostUnproven = 8;

    private readonly ILogger _log = logs.CreateLogger<HeldMount>();
    private readonly Lock _gate = new();
    private KeptMount? _kept;
    private HandOver? _state;
    private bool _isKept;
    private bool _leave;

    /// <summary>Null before <see cref="Open"/>.</summary>
    public FuseMount? Mount { get; private set; }

    /// <summary>Whether the mount was taken over from another agent.</summary>
    public bool IsTakenOver { get; private set; }

    /// <summary>How to serve it.</summary>
    public FuseSessionOptions Session => new()
    {
        Negotiated = _state!.Connection,
        Negotiating = Negotiated,
        RefuseResent = _state.Unproven >= MostUnproven,
    };

    public (string? Keeper, uint Generation, bool CanResend, TimeSpan TakeoverTime) Status
    {
        get
        {
            lock (_gate) return (_isKept ? keeper!.Name : null, _state?.Generation ?? 0, _state?.Connection?.CanResend ?? false, takeoverTime);
        }
    }

    /// <summary>Takes what is kept, if anything: from now on the takeover time stands still.</summary>
    public void Take()
    {
        try
        {
            _kept = keeper?.Take();
        }
        catch (FuseException failure)
        {
            TakeoverLog.NotTaken(_log, failure.Message);
        }
    }

    /// <summary>Takes the mount over, or mounts.</summary>
    /// <param name="options">What to mount, where.</param>
    /// <param name="identity">Whose tree it will show: the repository's id.</param>
    /// <exception cref="FuseException">It cannot be mounted there, or the mount that is kept is in use and another than this one.</exception>
    public FuseMount Open(FuseMountOptions options, string identity)
    {
        if (_kept is { } kept && TryResume(kept, options, identity)) return Mount!;
        Mount = FuseMount.Mount(options, logs.CreateLogger<FuseMount>());
        _state = new HandOver { MountPoint = Mount.MountPoint, MountDevice = Mount.Number, Identity = identity, Generation = 1 };
        if (takeoverTime > TimeSpan.Zero) TryKeep();
        return Mount;
    }

    /// <summary>
    /// Says that this agent does its work once it has done so for a while, and sees to it that the mount is kept: without a keeper nothing is amiss until this
    /// process ends, and then it is too late. Never fails; ends when cancelled.
    /// </summary>
    public async Task WatchAsync(CancellationToken cancellationToken)
    {
        await Task.Delay(ProofTime, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!cancellationToken.IsCancellationRequested) Save(state => state with { Unproven = 0 }, serving: true);
        TimeSpan pause = WatchInterval;
        while (!cancellationToken.IsCancellationRequested)
        {
            await Task.Delay(pause, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (cancellationToken.IsCancellationRequested || keeper == null || takeoverTime == TimeSpan.Zero || (_isKept && keeper.IsThere)) continue;
            if (_isKept) TakeoverLog.KeeperGone(_log, keeper.Name);
            TryKeep();
            Save(state => state, serving: true);
            // Where none can be had, it is tried, and said, less and less often.
            pause = _isKept ? WatchInterval : TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, LongestWatchInterval.Ticks));
        }
    }

    /// <summary>Leaves the mount to the next agent when this one ends.</summary>
    /// <returns>False where nobody keeps it.</returns>
    public bool TryLeave()
    {
        lock (_gate)
        {
            if (!_isKept || !keeper!.IsThere) return false;
            return _leave = true;
        }
    }

    /// <summary>The end of the session: the mount is left to the next agent, or taken out of the tree. Nothing of ours may stay there without a process behind it.</summary>
    /// <param name="end">How the session ended; null: it never began.</param>
    public void LetGo(FuseSessionEnd? end)
    {
        // A session that failed, and a start that failed upon a mount that others use, are the next agent's to mend.
        bool isCrash = end?.Reason switch
        {
            FuseSessionEndReason.Failed => true,
            FuseSessionEndReason.Unmounted => false,
            _ => IsTakenOver,
        };
        if ((_leave || isCrash) && Mount!.IsMounted && TryLeave())
        {
            TakeoverLog.Left(_log, Mount.MountPoint, takeoverTime.TotalSeconds);
            return;
        }

        Mount!.Detach();
        Release();
    }

    public void Dispose()
    {
        _kept?.Device.Dispose();
        keeper?.Dispose();
    }

    private bool TryResume(KeptMount kept, FuseMountOptions options, string identity)
    {
        if (!HandOverFormat.TryRead(kept.State.Span, out HandOver? state, out string? problem))
            throw CannotTakeOver(problem, options);
        if (state.Connection is { IsServable: false }) throw CannotTakeOver("a newer program agreed with the kernel on what this one cannot do", options);
        FuseMount mount = FuseMount.Resume(state.MountPoint, state.MountDevice, kept.Device);
        _kept = null;
        if (!mount.IsMounted || !FuseResend.IsAlive(mount.Device))
        {
            TakeoverLog.NotThere(_log, mount.MountPoint);
            Retire(mount);
            return false;
        }

        string wanted = MountPath.Canonical(options.MountPoint);
        if (mount.MountPoint != wanted || state.Identity != identity)
        {
            Unmount(mount, mount.MountPoint != wanted ? $"its mount is on {mount.MountPoint}" : $"its mount on {wanted} shows repository {state.Identity}, and not {identity}");
            Retire(mount);
            return false;
        }

        Mount = mount;
        IsTakenOver = true;
        _isKept = true;
        _state = state;
        Save(before => before with { Generation = before.Generation + 1, Unproven = before.Unproven + 1 }, serving: false);
        TakeoverLog.TakenOver(_log, mount.MountPoint, _state.Generation, FuseResend.Ask(mount.Device));
        if (_state.Unproven >= MostUnproven) TakeoverLog.RefusingResent(_log, _state.Unproven);
        return true;
    }

    private static FuseException CannotTakeOver(string problem, FuseMountOptions options) =>
        new($"the mount of this cache cannot be taken over: {problem}; start the program that served it, or end the mount: umount -l {options.MountPoint}");

    private static void Unmount(FuseMount mount, string difference)
    {
        try
        {
            mount.Unmount();
        }
        catch (FuseException busy)
        {
            throw new FuseException($"the cache is still mounted by an agent that ended: {difference}, and it is in use; {busy.Message}", busy);
        }
    }

    private void Retire(FuseMount mount)
    {
        _isKept = true;
        Release();
        mount.Dispose();
    }

    private void Negotiated(FuseConnectionState connection) => Save(state => state with { Connection = connection }, serving: false);

    private void TryKeep()
    {
        lock (_gate)
        {
            _isKept = false;
            if (keeper == null) return;
            try
            {
                keeper.Keep(Mount!.Device, _state!);
                _isKept = true;
            }
            catch (FuseException failure)
            {
                TakeoverLog.NotKept(_log, Mount!.MountPoint, failure.Message);
            }
        }
    }

    private void Save(Func<HandOver, HandOver> change, bool serving)
    {
        lock (_gate)
        {
            _state = change(_state!);
            if (!_isKept) return;
            try
            {
                keeper!.Save(_state, serving);
            }
            catch (FuseException failure)
            {
                _isKept = false;
                TakeoverLog.NotKept(_log, Mount!.MountPoint, failure.Message);
            }
        }
    }

    private void Release()
    {
        lock (_gate)
        {
            if (!_isKept) return;
            _isKept = false;
            try
            {
                keeper!.Release();
            }
            catch (FuseException failure)
            {
                TakeoverLog.NotReleased(_log, failure.Message);
            }
        }
    }
}
