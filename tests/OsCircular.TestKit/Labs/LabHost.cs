using System.ComponentModel;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using OsCircular.TestKit.Programs;

namespace OsCircular.TestKit.Labs;

/// <summary>A computer of a <see cref="Lab"/>: a network namespace. Files and mounts are those of the machine.</summary>
/// <param name="space">The namespace's name below /run/netns.</param>
/// <param name="address">Its IPv4 address.</param>
/// <param name="address6">Its IPv6 address; the mirror and the router have none.</param>
public sealed class LabHost(string space, IPAddress address, IPAddress? address6 = null)
{
    private const int NetworkOnly = 0x40000000; // CLONE_NEWNET, linux/sched.h

    private static readonly TimeSpan CommandLimit = TimeSpan.FromSeconds(20);

    public string Space => space;
    public IPAddress Address => address;
    public IPAddress Address6 => address6 ?? throw new InvalidOperationException($"{space} has no IPv6 address.");

    /// <summary>Starts a program in it. Only its network is changed: <c>ip netns exec</c> would hide our mounts as well.</summary>
    public TestProcess Start(string file, IEnumerable<string> arguments, IReadOnlyDictionary<string, string?>? environment = null) =>
        TestProcess.Start("nsenter", [$"--net=/run/netns/{space}", file, .. arguments], environment);

    /// <summary>Runs a program in it to its end, which must be a good one.</summary>
    public async Task<string> RunAsync(string file, params IEnumerable<string> arguments)
    {
        await using TestProcess process = Start(file, arguments);
        return (await process.WaitForExitAsync(CommandLimit)).MustSucceed().Output;
    }

    /// <summary>A socket of this computer: whoever uses it, on whatever thread, speaks from here.</summary>
    public Socket NewSocket(AddressFamily family = AddressFamily.InterNetwork, SocketType type = SocketType.Stream, ProtocolType protocol = ProtocolType.Unspecified)
    {
        Socket? socket = null;
        Exception? failure = null;
        // A thread of its own, for it never comes back from there.
        var thread = new Thread(() =>
        {
            try
            {
                using SafeFileHandle there = File.OpenHandle($"/run/netns/{space}");
                if (setns(there, NetworkOnly) != 0) throw new Win32Exception();
                socket = new Socket(family, type, protocol);
            }
            catch (Exception caught)
            {
                failure = caught;
            }
        });
        thread.Start();
        thread.Join();
        return socket ?? throw new InvalidOperationException($"no socket in {space}", failure);
    }

    /// <summary>Connects from here.</summary>
    public async Task<Socket> ConnectAsync(EndPoint to, CancellationToken cancellationToken)
    {
        Socket socket = NewSocket(to.AddressFamily);
        try
        {
            socket.NoDelay = true;
            await socket.ConnectAsync(to, cancellationToken);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Listens here for TCP connections.</summary>
    public Socket Listen(int port)
    {
        Socket socket = NewSocket();
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        socket.Bind(new IPEndPoint(address, port));
        socket.Listen();
        return socket;
    }

    /// <summary>Waits until something here accepts connections.</summary>
    public async Task WaitUntilOpenAsync(int port, TimeSpan limit)
    {
        using var end = new CancellationTokenSource(limit);
        while (true)
        {
            try
            {
                using Socket socket = await ConnectAsync(new IPEndPoint(address, port), end.Token);
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(20, end.Token);
            }
        }
    }

    public override string ToString() => $"{space} ({address})";

    [DllImport("libc", SetLastError = true)]
    private static extern int setns(SafeFileHandle space, int type);
}
