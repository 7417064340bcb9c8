using System.Diagnostics;
using System.Text.Json;
using OsCircular.Agent.Doctor;
using OsCircular.Blocks;
using OsCircular.Fuse;

namespace OsCircular.Agent.Guests;

/// <summary>
/// An overlay as a disk file that anything can write to, a loop device or Xen's <c>file:</c> disks: QEMU's storage daemon shows it with FUSE. What was synced lies in the
/// overlay; after a kill of everything the next one goes on from there.
/// </summary>
internal sealed class WritableDisk : IDisposable
{
    private const string Program = "qemu-storage-daemon";
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(200);

    private readonly Process _daemon;
    private readonly string _path;
    private readonly TimeProvider _time;

    private WritableDisk(Process daemon, string path, TimeProvider time)
    {
        _daemon = daemon;
        _path = path;
        _time = time;
    }

    /// <summary>Shows an overlay; returns when its file can be used.</summary>
    /// <param name="overlay">A qcow2 file, an absolute path; nobody else may use it.</param>
    /// <param name="path">Where to: a file, or none yet.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="UserError">It cannot be shown.</exception>
    public static async Task<WritableDisk> StartAsync(string overlay, string path, TimeProvider time, CancellationToken cancellationToken)
    {
        string program = Host.This.FindProgram(Program) ?? throw new UserError($"{Program} is not installed; on Debian: apt install qemu-system-common");
        path = MountPath.Canonical(path);
        await ClearAsync(path, cancellationToken);
        if (!File.Exists(path)) await File.Create(path).DisposeAsync();
        Process daemon = Process.Start(new ProcessStartInfo(program, Arguments(overlay, path)) { RedirectStandardError = true })!;
        WritableDisk disk = new(daemon, path, time);
        try
        {
            Task<string> errors = daemon.StandardError.ReadToEndAsync(cancellationToken);
            for (long began = time.GetTimestamp(); !disk.IsShown; await Task.Delay(LookEvery, time, cancellationToken))
            {
                if (daemon.HasExited) throw new UserError($"{path}: {Program} cannot show {overlay} there ({(await errors).Trim().ReplaceLineEndings("; ")})");
                if (time.GetElapsedTime(began) > ReadyLimit) throw new UserError($"{path}: {Program} does not show {overlay} there within {ReadyLimit.TotalSeconds:0} s");
            }

            return disk;
        }
        catch
        {
            await disk.EndAsync();
            disk.Dispose();
            throw;
        }
    }

    /// <summary>Waits until it is unmounted, or its daemon is gone.</summary>
    /// <exception cref="UserError">The daemon ended by itself.</exception>
    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        for (; IsShown; await Task.Delay(LookEvery, _time, cancellationToken))
        {
            if (_daemon.HasExited) throw new UserError($"{_path}: {Program} ended with {_daemon.ExitCode}; what was synced is in the overlay, run this again to go on");
        }
    }

    /// <summary>Has all written out, unmounts, and waits for the daemon's end.</summary>
    public Task EndAsync() => GuestProcess.EndAsync(_daemon, _time);

    public void Dispose() => _daemon.Dispose();

    private bool IsShown => MountTable.At(_path).Count > 0;

    // node-name, exports and all else as qemu-storage-daemon(1) has it; in JSON, for a path may hold a comma.
    private static string[] Arguments(string overlay, string path) =>
    [
        "--blockdev", JsonSerializer.Serialize(new Dictionary<string, object>
        {
            ["driver"] = "file", ["node-name"] = "file", ["filename"] = overlay, ["discard"] = "unmap",
        }),
        "--blockdev", JsonSerializer.Serialize(new Dictionary<string, object>
        {
            ["driver"] = "qcow2", ["node-name"] = "disk", ["file"] = "file", ["discard"] = "unmap", ["detect-zeroes"] = "unmap",
        }),
        "--export", JsonSerializer.Serialize(new Dictionary<string, object>
        {
            ["type"] = "fuse", ["id"] = "export", ["node-name"] = "disk", ["mountpoint"] = path, ["writable"] = true,
        }),
    ];

    /// <summary>What a killed daemon left mounted says ENOTCONN to every use.</summary>
    private static async Task ClearAsync(string path, CancellationToken cancellationToken)
    {
        if (MountTable.At(path).Count == 0) return;
        try
        {
            await using FileStream file = File.OpenRead(path);
        }
        catch (IOException)
        {
            string[] command = Environment.IsPrivilegedProcess ? ["umount", "-l", path] : ["fusermount3", "-u", "-z", path];
            using Process unmount = Process.Start(new ProcessStartInfo(command[0], command[1..]))!;
            await unmount.WaitForExitAsync(cancellationToken);
            return;
        }

        throw new UserError($"{path}: something is mounted there and in use; end that, or give another path");
    }
}
