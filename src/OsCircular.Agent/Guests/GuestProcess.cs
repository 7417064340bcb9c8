using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using OsCircular.Blocks;

namespace OsCircular.Agent.Guests;

/// <summary>QEMU in the foreground: it has our terminal, and ends with us.</summary>
internal static class GuestProcess
{
    private const int Terminate = 15;

    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(8);

    /// <returns>The exit code: 0 where the guest turned itself off.</returns>
    /// <param name="program">QEMU.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Has QEMU write out what the guest has flushed, and end; as if its power were cut.</param>
    public static async Task<int> RunAsync(string program, IEnumerable<string> arguments, TimeProvider time, CancellationToken cancellationToken)
    {
        using Process qemu = Start(program, arguments);
        try
        {
            await qemu.WaitForExitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            await EndAsync(qemu, time);
        }

        return qemu.ExitCode;
    }

    /// <summary>Has one of QEMU's programs write everything out and end; kills it where that takes long.</summary>
    public static async Task EndAsync(Process process, TimeProvider time)
    {
        if (!process.HasExited) _ = Kill(process.Id, Terminate);
        using CancellationTokenSource end = new(EndLimit, time);
        try
        {
            await process.WaitForExitAsync(end.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
        }
    }

    private static Process Start(string program, IEnumerable<string> arguments)
    {
        try
        {
            return Process.Start(new ProcessStartInfo(program, arguments))!;
        }
        catch (Win32Exception cause)
        {
            throw new UserError($"{program} does not start ({cause.Message})", cause);
        }
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static extern int Kill(int process, int signal);
}
