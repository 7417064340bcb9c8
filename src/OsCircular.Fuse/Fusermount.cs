using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using OsCircular.Fuse.Native;

namespace OsCircular.Fuse;

/// <summary>
/// Mounting as an ordinary user: the set-user-id program fusermount3 mounts and hands the open /dev/fuse over a socket whose number it finds in
/// _FUSE_COMMFD (util/fusermount.c of libfuse).
/// </summary>
internal static unsafe class Fusermount
{
    private const string Program = "fusermount3";
    private const int LocalSocket = 1;
    private const int StreamSocket = 1;
    private const int SetDescriptorFlags = 2;
    private const int CloseOnExec = 1;
    private const int SocketCloseOnExec = 0x80000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static SafeFileHandle Mount(string mountPoint, string options)
    {
        int* sockets = stackalloc int[2];
        if (Libc.SocketPair(LocalSocket, StreamSocket | SocketCloseOnExec, 0, sockets) != 0)
            throw new FuseException($"no socket pair for {Program} ({(FuseError)Marshal.GetLastPInvokeError()}); too many open files?");
        try
        {
            _ = Libc.Control(sockets[1], SetDescriptorFlags, 0);
            var environment = ("_FUSE_COMMFD", sockets[1].ToString(CultureInfo.InvariantCulture));
            (int exitCode, string said) = Run(["-o", options, "--", mountPoint], environment);
            if (exitCode != 0) throw new FuseException($"{mountPoint}: {Explain(said)}");
            _ = Libc.Control(sockets[1], SetDescriptorFlags, CloseOnExec);
            return Receive(sockets[0], mountPoint);
        }
        finally
        {
            _ = Libc.Close(sockets[0]);
            _ = Libc.Close(sockets[1]);
        }
    }

    /// <returns>The exit code and what was said on standard error.</returns>
    public static (int ExitCode, string Said) Run(string[] arguments, (string Name, string Value)? variable = null)
    {
        var start = new ProcessStartInfo(Find(), arguments) { RedirectStandardError = true };
        if (variable is { } given) start.Environment[given.Name] = given.Value;
        using Process process = Process.Start(start)!;
        Task<string> said = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(Patience))
        {
            process.Kill();
            string command = $"{Program} {string.Join(' ', arguments)}";
            throw new FuseException($"{Program} did not end within {Patience.TotalSeconds} s and was killed; try it by hand: {command}");
        }

        return (process.ExitCode, said.GetAwaiter().GetResult().Trim());
    }

    private static string Find()
    {
        string path = (Environment.GetEnvironmentVariable("PATH") ?? "") + ":/usr/local/bin:/usr/bin:/bin";
        foreach (string folder in path.Split(':', StringSplitOptions.RemoveEmptyEntries))
        {
            string candidate = Path.Combine(folder, Program);
            if (File.Exists(candidate)) return candidate;
        }

        throw new FuseException($"{Program} is not installed, and only root can mount without it; install it (apt-get install fuse3) or run as root");
    }

    /// <summary>What fusermount3 says names the cause; the next step is ours.</summary>
    internal static string Explain(string said)
    {
        if (said.Contains("user_allow_other"))
            return "only with the line user_allow_other in /etc/fuse.conf may an ordinary user pass --allow-other; add it, or mount without";
        if (said.Contains("/dev/fuse") && said.Contains("ermission")) return "no permission to open /dev/fuse; as root: chmod 666 /dev/fuse, or run as root";
        if (said.Contains("/dev/fuse") || said.Contains("modprobe")) return "there is no /dev/fuse; as root: modprobe fuse, or give the container the device";
        if (said.Contains("mount failed: Operation not permitted"))
            return $"{Program} may not mount here (it has no set-user-id bit, or the container no CAP_SYS_ADMIN); mend that, or run as root";
        return $"{said.Replace('\n', ' ')}; mount where you may write, or run as root";
    }

    private static SafeFileHandle Receive(int socket, string mountPoint)
    {
        using var end = new SafeFileHandle(socket, ownsHandle: false);
        Span<byte> data = stackalloc byte[1];
        // It was sent before the program ended, or never.
        _ = DescriptorMessage.Receive(end, data, DescriptorMessage.DoNotWait, out SafeFileHandle? device);
        return device ?? throw new FuseException($"{mountPoint}: {Program} gave no descriptor; is it of libfuse 3? ({Program} --version)");
    }
}
