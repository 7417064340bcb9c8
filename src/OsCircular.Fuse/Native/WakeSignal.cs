using System.Runtime.InteropServices;

namespace OsCircular.Fuse.Native;

/// <summary>
/// Gets a thread out of a blocking read(2) of /dev/fuse, so that the serving loop needs no poll(2) beside each read. A poll would cost a
/// system call a request and wake every waiting thread for each, where read(2) wakes just one.
/// </summary>
/// <remarks>
/// The handler is a C library function that is safe to call in a signal handler and does nothing (getpid): no managed code may run there.
/// It is installed without SA_RESTART, hence the read returns EINTR. A signal sent before the read began is lost: the caller repeats it.
/// </remarks>
internal static unsafe class WakeSignal
{
    // From the end of the real-time range: the C library and the .NET runtime use its beginning.
    private const int Last = 64;
    private const int First = 50;

    private static readonly Lazy<int> Number = new(Install);

    public static int CurrentThread => (int)Libc.SystemCall(RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 178 : 186);

    public static void Prepare() => _ = Number.Value;

    public static void Send(int thread) =>
        _ = Libc.SystemCall(RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 131 : 234, Environment.ProcessId, thread, Number.Value);

    private static int Install()
    {
        nint harmless = NativeLibrary.GetExport(NativeLibrary.GetMainProgramHandle(), "getpid");
        for (int signal = Last; signal >= First; signal--)
        {
            SignalHandler current;
            if (Libc.SignalAction(signal, null, &current) != 0 || (current.Function != 0 && current.Function != harmless)) continue;
            var action = new SignalHandler { Function = harmless };
            if (Libc.SignalAction(signal, &action, null) == 0) return signal;
        }

        throw new FuseException("no real-time signal between 50 and 64 is free to stop the reader threads with; another library in this process took them all");
    }
}
