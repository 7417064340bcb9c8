using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using OsCircular.Fuse.Native;

namespace OsCircular.Fuse.Holding;

/// <summary>
/// Keeps a mount in systemd's file descriptor store (sd_notify(3), FDSTORE=1): it starts the next agent itself, after this one is gone, and gives it what was stored.
/// How long it waits is the unit's affair; when the unit stops or fails it closes the descriptor, and with it the connection.
/// </summary>
/// <remarks>
/// The device is stored once. The hand-over lies in a memory file beside it; each save stores a new one under the next number, then removes the one before, so that
/// a process killed between the two leaves two of them and never none.
/// </remarks>
public sealed class ServiceManagerKeeper : IMountKeeper
{
    private const string DeviceName = "oscircular-fuse";
    private const string StatePrefix = "oscircular-state-";
    private const int MostPassed = 64;
    private const int SetDescriptorFlags = 2;
    private const int CloseOnExec = 1;
    private const uint MemoryCloseOnExec = 1;

    // The device, and a hand-over beside the one that takes its place.
    private const int LeastStore = 3;

    private readonly Socket _manager;
    private readonly Func<string, string?> _environment;
    private readonly int _firstPassed;
    private int _number;

    private ServiceManagerKeeper(Socket manager, Func<string, string?> environment, int firstPassed)
    {
        _firstPassed = firstPassed;
        _manager = manager;
        _environment = environment;
    }

    public string Name => "the service manager";

    /// <summary>It was there before us, and has had its answer.</summary>
    public bool IsThere => true;

    /// <summary>Whether a service manager runs us that keeps descriptors; systemd from 254 on says so in FDSTORE, to older ones the unit has to.</summary>
    /// <param name="environment">A variable's value, or null.</param>
    /// <param name="firstPassed">Where what it passes begins: at 3, but for a test that is not started by it.</param>
    /// <returns>Null where there is none.</returns>
    public static ServiceManagerKeeper? Find(Func<string, string?> environment, int firstPassed = 3)
    {
        if (environment("NOTIFY_SOCKET") is not { Length: > 1 } path) return null;
        if (!int.TryParse(environment("FDSTORE"), NumberStyles.None, CultureInfo.InvariantCulture, out int room) || room < LeastStore) return null;
        Socket manager = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        try
        {
            manager.Connect(new UnixDomainSocketEndPoint(path[0] == '@' ? "\0" + path[1..] : path));
            return new ServiceManagerKeeper(manager, environment, firstPassed);
        }
        catch (SocketException failure)
        {
            manager.Dispose();
            throw new FuseException($"the service manager's socket {path} cannot be reached: {failure.Message}", failure);
        }
    }

    public KeptMount? Take()
    {
        SafeFileHandle? device = null;
        byte[] state = [];
        foreach ((string name, SafeFileHandle file) in Passed())
        {
            if (name == DeviceName && device == null)
            {
                device = file;
                continue;
            }

            if (StateNumber(name) is { } number && number >= _number)
            {
                _number = number;
                state = Read(file);
            }

            file.Dispose();
        }

        if (device != null) return new KeptMount(device, state);
        // The mount ended while nobody ran: then it has dropped the device by itself.
        if (_number > 0) Send($"FDSTOREREMOVE=1\nFDNAME={StatePrefix}{_number}");
        return null;
    }

    public void Keep(SafeFileHandle device, HandOver state)
    {
        Save(state, serving: false);
        Send($"FDSTORE=1\nFDNAME={DeviceName}", device);
    }

    public void Save(HandOver state, bool serving)
    {
        using SafeFileHandle file = MemoryFile();
        RandomAccess.Write(file, HandOverFormat.Write(state), 0);
        int before = _number++;
        Send($"FDSTORE=1\nFDNAME={StatePrefix}{_number}", file);
        if (before > 0) Send($"FDSTOREREMOVE=1\nFDNAME={StatePrefix}{before}");
    }

    public void Release()
    {
        Send($"FDSTOREREMOVE=1\nFDNAME={DeviceName}");
        Send($"FDSTOREREMOVE=1\nFDNAME={StatePrefix}{_number}");
    }

    public void Dispose() => _manager.Dispose();

    /// <summary>What sd_listen_fds_with_names(3) gives: descriptors from 3 on, if meant for this process. The caller owns them.</summary>
    private List<(string Name, SafeFileHandle File)> Passed()
    {
        string[] names = (_environment("LISTEN_FDNAMES") ?? "").Split(':');
        bool isOurs = _environment("LISTEN_PID") == Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        if (!isOurs || !int.TryParse(_environment("LISTEN_FDS"), NumberStyles.None, CultureInfo.InvariantCulture, out int count)) return [];
        List<(string, SafeFileHandle)> passed = [];
        for (int i = 0; i < Math.Min(count, MostPassed); i++)
        {
            if (Libc.Control(_firstPassed + i, SetDescriptorFlags, CloseOnExec) < 0) continue;
            passed.Add((i < names.Length ? names[i] : "", new SafeFileHandle(_firstPassed + i, ownsHandle: true)));
        }

        return passed;
    }

    private static int? StateNumber(string name) =>
        name.StartsWith(StatePrefix, StringComparison.Ordinal) && int.TryParse(name.AsSpan(StatePrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;

    private static byte[] Read(SafeFileHandle file)
    {
        var bytes = new byte[HandOverFormat.MaxLength + 1];
        int length = RandomAccess.Read(file, bytes, 0);
        return bytes[..length];
    }

    private static SafeFileHandle MemoryFile()
    {
        int descriptor = Libc.MemoryFile("oscircular-state", MemoryCloseOnExec);
        if (descriptor < 0) throw new FuseException($"no memory file for the service manager ({(FuseError)Marshal.GetLastPInvokeError()}); too many open files?");
        return new SafeFileHandle(descriptor, ownsHandle: true);
    }

    private void Send(string text, SafeHandle? descriptor = null)
    {
        FuseError error = DescriptorMessage.Send(_manager.SafeHandle, Encoding.UTF8.GetBytes(text), descriptor);
        if (error != FuseError.Ok) throw new FuseException($"the service manager does not take what it should keep ({error})");
    }
}
