using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using OsCircular.TestKit.Programs;

namespace OsCircular.TestKit.Peers;

/// <summary>
/// A network of its own within this process: one thread that left the machine's network, on which everything given to <see cref="RunAsync"/> runs from one await to
/// the next. It has no name and goes away with the thread, also where the process is killed. Needs root.
/// </summary>
public sealed class NetworkNamespace : SynchronizationContext, IDisposable
{
    private const int CloneNewNet = 0x40000000;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private readonly BlockingCollection<(SendOrPostCallback Call, object? State)> _calls = [];
    private readonly TaskCompletionSource<int> _ready = new();
    private readonly Thread _thread;

    public NetworkNamespace()
    {
        _thread = new Thread(Loop) { IsBackground = true, Name = "network namespace" };
        _thread.Start();
        ThreadId = _ready.Task.WaitAsync(Limit).GetAwaiter().GetResult();
    }

    /// <summary>The kernel's, by which <c>ip link ... netns</c> knows this namespace.</summary>
    public int ThreadId { get; }

    /// <summary>Connects two namespaces as by a cable: an interface of the same name at both ends, down at first.</summary>
    public static Task ConnectAsync(NetworkNamespace left, NetworkNamespace right, string name) => TestProcess.ShellAsync(
        "ip link add name $1 netns $2 type veth peer name $1 netns $3", name, $"{left.ThreadId}", $"{right.ThreadId}");

    /// <summary>Runs a shell command in it; IPv6 addresses it gives are to be used at once.</summary>
    public Task ShellAsync(string command) => TestProcess.ShellAsync(
        "nsenter --net=/proc/$1/task/$2/ns/net bash -euc \"$3\"", $"{Environment.ProcessId}", $"{ThreadId}",
        $"for dad in /proc/sys/net/ipv6/conf/*/accept_dad; do echo 0 >$dad; done; {command}");

    /// <summary>Runs asynchronous work; sockets it makes and interfaces it reads are this network's.</summary>
    public Task RunAsync(Func<Task> work)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(
            async _ =>
            {
                try
                {
                    await work();
                    done.SetResult();
                }
                catch (Exception e)
                {
                    done.SetException(e);
                }
            },
            null);
        return done.Task;
    }

    public override void Post(SendOrPostCallback d, object? state) => _calls.Add((d, state));

    public override void Send(SendOrPostCallback d, object? state) => throw new NotSupportedException("Only asynchronous work runs here.");

    /// <summary>All that was given to <see cref="RunAsync"/> must have ended.</summary>
    public void Dispose()
    {
        _calls.CompleteAdding();
        _thread.Join(Limit);
        _calls.Dispose();
    }

    private void Loop()
    {
        if (unshare(CloneNewNet) != 0)
        {
            _ready.SetException(new InvalidOperationException($"unshare: error {Marshal.GetLastPInvokeError()}"));
            return;
        }

        SetSynchronizationContext(this);
        _ready.SetResult(gettid());
        foreach ((SendOrPostCallback call, object? state) in _calls.GetConsumingEnumerable()) call(state);
    }

    [DllImport("libc", SetLastError = true)]
    private static extern int unshare(int flags);

    [DllImport("libc")]
    private static extern int gettid();
}
