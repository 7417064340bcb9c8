using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using OsCircular.Fuse;

namespace OsCircular.Agent.Hosting;

/// <summary>
/// How the mount ends. SIGINT unmounts; a busy mount is named and left alone. SIGTERM unmounts too; where files are open it leaves
/// the mount to the next agent, or, where nobody keeps it, takes it out of the tree and serves them until the last is closed; a second SIGTERM ends at once. SIGHUP is taken for SIGTERM. Unmounting by anyone ends the session, and with it the agent.
/// </summary>
internal sealed class MountLifetime : IDisposable
{
    private readonly ILogger _log;
    private readonly CancellationTokenSource _starting = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly PosixSignalRegistration[] _signals;
    private FuseMount? _mount;
    private Func<bool> _tryLeave = () => false;
    private int _terminations;

    /// <summary>Listens to the signals from now on.</summary>
    public MountLifetime(ILogger log)
    {
        _log = log;
        _signals =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => Handle(signal, OnInterrupt)),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => Handle(signal, OnTerminate)),
            // A terminal that is closed must not leave a dead mount behind.
            PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal => Handle(signal, OnTerminate)),
        ];
    }

    /// <summary>Cancelled by a signal that comes before there is a mount.</summary>
    public CancellationToken Starting => _starting.Token;

    /// <summary>Waits until the session is over, or is to end before that.</summary>
    /// <param name="mount">What the signals are about.</param>
    /// <param name="session">Serves it.</param>
    /// <param name="tryLeave">Leaves a mount in use to the next agent, if somebody keeps it till then.</param>
    /// <exception cref="FuseException">The session failed.</exception>
    public async Task WaitAsync(FuseMount mount, FuseSession session, Func<bool> tryLeave)
    {
        _tryLeave = tryLeave;
        Volatile.Write(ref _mount, mount);
        if (_starting.IsCancellationRequested) OnTerminate(mount);
        Task first = await Task.WhenAny(session.Completion, _ended.Task);
        if (first != session.Completion) return;
        FuseSessionEnd end = await session.Completion;
        if (end.Failure is { } failure) throw new FuseException($"the mount on {mount.MountPoint} failed: {failure.Message}; look at the log, and mount again", failure);
    }

    public void Dispose()
    {
        foreach (PosixSignalRegistration signal in _signals) signal.Dispose();
        _starting.Dispose();
    }

    private void Handle(PosixSignalContext context, Action<FuseMount> handler)
    {
        context.Cancel = true;
        if (Volatile.Read(ref _mount) is { } mount) handler(mount);
        else _starting.Cancel();
    }

    private void OnInterrupt(FuseMount mount)
    {
        try
        {
            mount.Unmount();
        }
        catch (FuseException busy)
        {
            AgentLog.NotUnmounted(_log, busy.Message);
        }
    }

    private void OnTerminate(FuseMount mount)
    {
        if (Interlocked.Increment(ref _terminations) > 1)
        {
            mount.Detach();
            _ended.TrySetResult();
            return;
        }

        try
        {
            mount.Unmount();
        }
        catch (FuseException)
        {
            if (_tryLeave())
            {
                _ended.TrySetResult();
                return;
            }

            mount.Detach();
            AgentLog.ServingOpenFiles(_log, mount.MountPoint);
        }
    }
}
