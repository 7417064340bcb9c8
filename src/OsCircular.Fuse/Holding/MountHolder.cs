using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using OsCircular.Fuse.Native;

namespace OsCircular.Fuse.Holding;

/// <summary>
/// The FUSE holder: keeps one mount's connection while agents come and go, and ends it when none has come in time. It does nothing else: it reads no request, has
/// no threads, no network, and does not look into what the agents leave for each other. One loop over poll(2); one client at a time, further ones wait.
/// </summary>
public sealed unsafe class MountHolder : IDisposable
{
    // Who has connected and says nothing keeps the next one out for this long at most.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    // An agent starts its holder early, and may look for its head for a while before it mounts.
    private static readonly TimeSpan MountPatience = TimeSpan.FromMinutes(2);

    private readonly HolderSocket _listener;
    private readonly TimeProvider _time;
    private readonly long _started;
    private readonly SafeFileHandle _wake;
    private readonly HolderClock _clock = new();
    private readonly byte[] _buffer = new byte[HolderMessage.MaxLength];
    private HeldConnection? _held;
    private byte[] _state = [];
    private Socket? _client;
    private TimeSpan _clientCame;
    private bool _clientIsAgent;

    /// <summary>Listens from now on.</summary>
    /// <param name="socketPath">A folder private to this user; what lies there of a dead holder is replaced.</param>
    /// <param name="time">The clock.</param>
    public MountHolder(string socketPath, TimeProvider time)
    {
        _time = time;
        _started = time.GetTimestamp();
        _clientCame = TimeSpan.Zero;
        int wake = Libc.EventDescriptor(0, Libc.OpenCloseOnExec);
        if (wake < 0) throw new FuseException($"no event descriptor ({(FuseError)Marshal.GetLastPInvokeError()}); too many open files?");
        _wake = new SafeFileHandle(wake, ownsHandle: true);
        _listener = new HolderSocket(socketPath);
    }

    private TimeSpan Now => _time.GetElapsedTime(_started);

    /// <summary>Keeps what it is given until the mount is over, is released, or nobody came for it.</summary>
    public void Run()
    {
        while (true)
        {
            (bool device, bool client, bool listener) = Wait();
            if (device) return;
            if (client && !Serve()) return;
            if (listener) Accept();
            if (_client != null && !_clientIsAgent && Now - _clientCame > Patience) Drop();
            if (_client == null && _held == null && (_clock.IsLast || Now - _clientCame > MountPatience)) return;
            if (_held == null || _clock.GivesUpAt is not { } end || Now < end) continue;
            _held.Abort();
            return;
        }
    }

    /// <summary>No further agent is waited for: once the present one ends, so does the connection. From any thread.</summary>
    public void EndWithAgent()
    {
        ulong one = 1;
        _ = Libc.Write(_wake, (byte*)&one, sizeof(ulong));
    }

    public void Dispose()
    {
        _listener.Dispose();
        _client?.Dispose();
        _held?.Dispose();
        _wake.Dispose();
    }

    private (bool Device, bool Client, bool Listener) Wait()
    {
        PollEntry* entries = stackalloc PollEntry[4];
        entries[0] = new PollEntry { Descriptor = (int)_wake.DangerousGetHandle(), Wanted = PollEntry.Readable };
        // Nothing is wanted of the device: only its end is told then.
        entries[1] = new PollEntry { Descriptor = _held == null ? -1 : (int)_held.Device.DangerousGetHandle() };
        entries[2] = new PollEntry { Descriptor = _client == null ? -1 : (int)_client.Handle, Wanted = PollEntry.Readable };
        entries[3] = new PollEntry { Descriptor = _client != null ? -1 : (int)_listener.Socket.Handle, Wanted = PollEntry.Readable };
        _ = Libc.Poll(entries, 4, Milliseconds());
        if (entries[0].Found != 0)
        {
            ulong count;
            _ = Libc.Read(_wake, (byte*)&count, sizeof(ulong));
            _clock.IsLast = true;
        }

        return (entries[1].Found != 0, entries[2].Found != 0, entries[3].Found != 0);
    }

    private int Milliseconds()
    {
        TimeSpan? end = _held != null ? _clock.GivesUpAt : null;
        if (_client != null ? !_clientIsAgent : _held == null)
        {
            TimeSpan patience = _clientCame + (_client != null ? Patience : MountPatience);
            if (end == null || patience < end) end = patience;
        }

        if (end is not { } at) return -1;
        return (int)Math.Clamp(Math.Ceiling((at - Now).TotalMilliseconds), 0, 60_000) + (at > Now ? 1 : 0);
    }

    private void Accept()
    {
        _client = _listener.TryAccept();
        _clientIsAgent = false;
        _clientCame = Now;
    }

    /// <returns>False when there is nothing more to do.</returns>
    private bool Serve()
    {
        int length = DescriptorMessage.Receive(_client!.SafeHandle, _buffer, DescriptorMessage.DoNotWait, out SafeFileHandle? descriptor);
        if (length < 0 && (FuseError)Marshal.GetLastPInvokeError() == FuseError.EAGAIN) return true;
        if (length <= 0) return ClientLeft();
        if (!HolderMessage.TryRead(_buffer.AsSpan(0, length), out HolderMessage message))
        {
            descriptor?.Dispose();
            Answer(HolderMessageKind.Refused);
            return true;
        }

        if (message.Kind == HolderMessageKind.Hold && descriptor != null) Hold(message, descriptor);
        else descriptor?.Dispose();
        switch (message.Kind)
        {
            case HolderMessageKind.Hold:
                return true;
            case HolderMessageKind.Take:
                Give();
                return true;
            case HolderMessageKind.Save or HolderMessageKind.Serving when _clientIsAgent:
                Save(message);
                return true;
            case HolderMessageKind.Release when _clientIsAgent || _held == null:
                // Gone from the tree first: the next agent may come as soon as this one has its answer.
                _listener.Remove();
                Answer(HolderMessageKind.Done);
                return false;
            case HolderMessageKind.Ask:
                Tell();
                return true;
            default:
                Answer(HolderMessageKind.Refused);
                return true;
        }
    }

    private void Hold(in HolderMessage message, SafeFileHandle device)
    {
        ReadOnlySpan<byte> body = message.Body;
        if (_held != null || !HolderMount.TryRead(ref body, out HolderMount? mount))
        {
            device.Dispose();
            Answer(HolderMessageKind.Refused);
            return;
        }

        _held = new HeldConnection(device, mount);
        _state = body.ToArray();
        _clock.TakeoverTime = TimeSpan.FromMilliseconds(message.Value);
        AgentCame();
        Answer(HolderMessageKind.Done);
    }

    private void Give()
    {
        if (_held == null)
        {
            Answer(HolderMessageKind.Nothing);
            return;
        }

        AgentCame();
        Answer(HolderMessageKind.Kept, 0, _state, _held.Device);
    }

    private void AgentCame()
    {
        _clientIsAgent = true;
        _clock.AgentCame(Now);
    }

    private void Save(in HolderMessage message)
    {
        _state = message.Body.ToArray();
        _clock.TakeoverTime = TimeSpan.FromMilliseconds(message.Value);
        if (message.Kind == HolderMessageKind.Serving) _clock.AgentServes();
        Answer(HolderMessageKind.Done);
    }

    private void Tell()
    {
        if (_held == null)
        {
            Answer(HolderMessageKind.Nothing);
            return;
        }

        uint left = _clock.GivesUpAt is { } end ? (uint)Math.Max(0, (end - Now).TotalMilliseconds) : uint.MaxValue;
        Answer(HolderMessageKind.Keeping, left, Encoding.UTF8.GetBytes(_held.Mount.MountPoint));
    }

    /// <summary>
    /// The end of the socket is the end of the process, all its files included (a core being dumped puts it off). What it had read and not answered is asked for again
    /// at once and not by the next agent only: until then its readers could not even be killed.
    /// </summary>
    private bool ClientLeft()
    {
        bool wasAgent = _clientIsAgent;
        Drop();
        if (!wasAgent) return true;
        _clock.AgentWent(Now);
        if (_held!.TryAskAgain()) return true;
        _held.Abort();
        return false;
    }

    private void Drop()
    {
        _client?.Dispose();
        _client = null;
        _clientIsAgent = false;
        _clientCame = Now;
    }

    private void Answer(HolderMessageKind kind, uint value = 0, ReadOnlySpan<byte> body = default, SafeFileHandle? descriptor = null) =>
        // A client that does not take its answer is gone, or treated so when its socket closes.
        _ = DescriptorMessage.Send(_client!.SafeHandle, new HolderMessage(kind, value, body).Write(), descriptor);
}
