using System.Net.Sockets;
using System.Text;
using Microsoft.Win32.SafeHandles;
using OsCircular.Fuse.Native;

namespace OsCircular.TestKit.Holding;

/// <summary>A service manager's file descriptor store: a real datagram socket that takes FDSTORE and FDSTOREREMOVE, and what it would start the next process with.</summary>
public sealed class FakeServiceManager : IDisposable
{
    private const int DuplicateFrom = 0;
    private const int FirstPassed = 700;

    private readonly TempDirectory _folder = new();
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    private readonly List<(string Name, SafeFileHandle File)> _stored = [];

    public FakeServiceManager() => _socket.Bind(new UnixDomainSocketEndPoint(_folder["notify"]));

    /// <summary>Names of what is stored now, oldest first.</summary>
    public IEnumerable<string> Stored
    {
        get
        {
            Receive();
            return _stored.Select(entry => entry.Name);
        }
    }

    /// <summary>The variables of the first process that it starts.</summary>
    public string? First(string variable) => variable switch
    {
        "NOTIFY_SOCKET" => _folder["notify"],
        "FDSTORE" => "4",
        _ => null,
    };

    /// <summary>Passes what is stored as to a new process, at numbers from the returned one on.</summary>
    public (Func<string, string?> Environment, int FirstPassed) Next()
    {
        Receive();
        for (int i = 0; i < _stored.Count; i++)
        {
            int number = Libc.Control((int)_stored[i].File.DangerousGetHandle(), DuplicateFrom, FirstPassed + i);
            if (number != FirstPassed + i) throw new InvalidOperationException($"descriptor {FirstPassed + i} is taken");
        }

        string names = string.Join(':', _stored.Select(entry => entry.Name));
        return (variable => variable switch
        {
            "LISTEN_PID" => Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture),
            "LISTEN_FDS" => _stored.Count.ToString(System.Globalization.CultureInfo.InvariantCulture),
            "LISTEN_FDNAMES" => names,
            _ => First(variable),
        }, FirstPassed);
    }

    /// <summary>Closes one as after an EPOLLERR.</summary>
    public void Drop(string name)
    {
        Receive();
        Remove(name);
    }

    public void Dispose()
    {
        Receive();
        foreach ((string _, SafeFileHandle file) in _stored) file.Dispose();
        _socket.Dispose();
        _folder.Dispose();
    }

    private void Receive()
    {
        Span<byte> buffer = stackalloc byte[4096];
        while (true)
        {
            int length = DescriptorMessage.Receive(_socket.SafeHandle, buffer, DescriptorMessage.DoNotWait, out SafeFileHandle? file);
            if (length < 0) return;
            Dictionary<string, string> lines = Encoding.UTF8.GetString(buffer[..length]).Split('\n').Select(line => line.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
            if (lines.ContainsKey("FDSTORE")) _stored.Add((lines["FDNAME"], file ?? throw new InvalidOperationException("FDSTORE without a descriptor")));
            else if (lines.ContainsKey("FDSTOREREMOVE")) Remove(lines["FDNAME"]);
        }
    }

    private void Remove(string name)
    {
        foreach ((string _, SafeFileHandle file) in _stored.Where(entry => entry.Name == name)) file.Dispose();
        _stored.RemoveAll(entry => entry.Name == name);
    }
}
