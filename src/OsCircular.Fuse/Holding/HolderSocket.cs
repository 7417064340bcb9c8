using System.Net.Sockets;
using System.Runtime.InteropServices;
using OsCircular.Fuse.Native;

namespace OsCircular.Fuse.Holding;

/// <summary>The socket at which a holder is found: in a folder that only its user may enter, mode 0600, and other users are refused a second time by their id.</summary>
internal sealed class HolderSocket : IDisposable
{
    private const int SocketOptions = 1;
    private const int PeerCredentials = 17;
    private const int Backlog = 8;

    private readonly string _path;
    private bool _removed;

    public HolderSocket(string path)
    {
        _path = path;
        Socket = New();
        try
        {
            File.Delete(path);
            Socket.Bind(new UnixDomainSocketEndPoint(path));
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            Socket.Listen(Backlog);
        }
        catch
        {
            Socket.Dispose();
            throw;
        }
    }

    public Socket Socket { get; }

    /// <summary>Message boundaries are kept: one send is one receive.</summary>
    public static Socket New() => new(AddressFamily.Unix, SocketType.Seqpacket, ProtocolType.Unspecified);

    /// <returns>The next client, or null where it is not of this user.</returns>
    public Socket? TryAccept()
    {
        try
        {
            Socket client = Socket.Accept();
            if (IsOurs(client)) return client;
            client.Dispose();
        }
        catch (SocketException)
        {
            // It has left again.
        }

        return null;
    }

    /// <summary>Nobody finds it any more.</summary>
    public void Remove()
    {
        // Once only: after that another holder's may lie there.
        if (_removed) return;
        _removed = true;
        try
        {
            File.Delete(_path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // It lies there, and nobody answers: the next holder replaces it.
        }
    }

    public void Dispose()
    {
        Remove();
        Socket.Dispose();
    }

    /// <summary>The id of the process at the other end.</summary>
    public static uint ProcessOf(Socket socket) => CredentialsOf(socket).Process;

    private static bool IsOurs(Socket client)
    {
        uint user = CredentialsOf(client).User;
        return user == 0 || user == Libc.EffectiveUserId();
    }

    /// <summary>struct ucred: process, user, group.</summary>
    private static (uint Process, uint User) CredentialsOf(Socket socket)
    {
        Span<byte> credentials = stackalloc byte[12];
        int length = socket.GetRawSocketOption(SocketOptions, PeerCredentials, credentials);
        if (length < credentials.Length) return (0, uint.MaxValue);
        Span<uint> numbers = MemoryMarshal.Cast<byte, uint>(credentials);
        return (numbers[0], numbers[1]);
    }
}
