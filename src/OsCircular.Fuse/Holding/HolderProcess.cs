using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using OsCircular.Fuse.Native;

namespace OsCircular.Fuse.Holding;

/// <summary>The holder as a process of its own: out of the terminal's and its starter's reach, and small.</summary>
public static class HolderProcess
{
    private const string ReadyLine = "ready";
    private const int FirstInherited = 3;
    private const int GetDescriptorFlags = 1;
    private const int CloseOnExec = 1;

    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(20);

    // The agent's settings and proxies may hold credentials; what its service manager gave it is not the holder's.
    private static readonly string[] NotInherited = ["OSCIRCULAR_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NOTIFY_SOCKET", "LISTEN_", "FDSTORE", "WATCHDOG_"];

    // It allocates next to nothing, and nobody debugs it; each of these spares memory, threads or files.
    private static readonly (string Name, string Value)[] Settings =
        [("DOTNET_GCHeapHardLimit", "0x2000000"), ("DOTNET_gcConcurrent", "0"), ("DOTNET_EnableDiagnostics", "0"), ("DOTNET_TieredCompilation", "1")];

    /// <summary>The whole program of a holder: says that it listens, detaches itself, and holds until it has nothing more to hold.</summary>
    /// <returns>The process's exit code.</returns>
    public static int Run(string socketPath)
    {
        using MountHolder holder = new(socketPath, TimeProvider.System);
        using PosixSignalRegistration end = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
        {
            signal.Cancel = true;
            holder.EndWithAgent();
        });
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Ignore);
        using PosixSignalRegistration hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Ignore);
        using PosixSignalRegistration quit = PosixSignalRegistration.Create(PosixSignal.SIGQUIT, Ignore);
        Detach();
        holder.Run();
        return 0;
    }

    /// <summary>Starts a holder and waits until it listens. It outlives this process.</summary>
    /// <exception cref="FuseException">It does not start.</exception>
    public static void Start(HolderCommand command, string socketPath)
    {
        // Its three streams are pipes to us: so it keeps nobody's terminal or log open.
        var start = new ProcessStartInfo(command.File, [.. command.Arguments, socketPath])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/",
        };
        foreach (string name in start.Environment.Keys.Where(IsNotInherited).ToList()) start.Environment.Remove(name);
        foreach ((string name, string value) in Settings) start.Environment[name] = value;
        try
        {
            using Process process = Process.Start(start)!;
            Task<string?> ready = process.StandardOutput.ReadLineAsync();
            if (ready.Wait(StartLimit) && ready.Result == ReadyLine) return;
            process.Kill();
            string said = process.StandardError.ReadToEnd().Trim();
            throw new FuseException($"the FUSE holder {command.File} does not start{(said.Length > 0 ? $": {said}" : "")}; without one, mount with --takeover-time 0");
        }
        catch (System.ComponentModel.Win32Exception failure)
        {
            throw new FuseException($"the FUSE holder {command.File} cannot be started: {failure.Message}; without one, mount with --takeover-time 0", failure);
        }
    }

    private static bool IsNotInherited(string variable) => NotInherited.Any(prefix => variable.StartsWith(prefix, StringComparison.OrdinalIgnoreCase));

    private static void Ignore(PosixSignalContext signal) => signal.Cancel = true;

    private static void Detach()
    {
        _ = Libc.NewSession();
        CloseInherited();
        SpareFromMemoryKiller();
        Console.Out.WriteLine(ReadyLine);
        Console.Out.Flush();
        using SafeFileHandle nowhere = File.OpenHandle("/dev/null", FileMode.Open, FileAccess.ReadWrite);
        for (int stream = 0; stream < FirstInherited; stream++) _ = Libc.Duplicate((int)nowhere.DangerousGetHandle(), stream);
    }

    /// <summary>What our starter's starter had open and left to all its children: a lock's or a pipe's file must not stay open for as long as a mount lives.</summary>
    private static void CloseInherited()
    {
        foreach (string path in Directory.EnumerateFileSystemEntries("/proc/self/fd").ToList())
        {
            if (!int.TryParse(Path.GetFileName(path.AsSpan()), NumberStyles.None, CultureInfo.InvariantCulture, out int descriptor) || descriptor < FirstInherited) continue;
            // Whatever this process opened itself is closed on exec, the runtime's own files included.
            int flags = Libc.Control(descriptor, GetDescriptorFlags, 0);
            if (flags >= 0 && (flags & CloseOnExec) == 0) _ = Libc.Close(descriptor);
        }
    }

    private static void SpareFromMemoryKiller()
    {
        try
        {
            File.WriteAllText("/proc/self/oom_score_adj", "-900");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // Only root may; it is small, and so not the first to be chosen.
        }
    }
}
