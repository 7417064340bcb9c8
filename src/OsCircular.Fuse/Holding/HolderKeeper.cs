using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;
using OsCircular.Fuse.Native;

namespace OsCircular.Fuse.Holding;

/// <summary>Keeps a mount in a process of our own (<see cref="MountHolder"/>), found at a socket; started where there is none.</summary>
public sealed class HolderKeeper : IMountKeeper
{
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(5);

    private readonly HolderCommand _command;
    private readonly string _socketPath;
    private readonly TimeSpan _takeoverTime;
    private readonly byte[] _buffer = new byte[HolderMessage.MaxLength];
    private readonly Lock _gate = new();
    private Task? _starting;
    private Socket? _holder;

    /// <param name="command">Starts a holder.</param>
    /// <param name="socketPath">In a folder private to this user; at most 107 bytes.</param>
    /// <param name="takeoverTime">How long the holder waits for the next agent; zero: none is started, but one that is there is taken over from.</param>
    public HolderKeeper(HolderCommand command, string socketPath, TimeSpan takeoverTime)
    {
        _command = command;
        _socketPath = socketPath;
        _takeoverTime = takeoverTime;
    }

    public string Name { get; private set; } = "a FUSE holder";

    public bool IsThere
    {
        get
        {
            lock (_gate) return _holder is { } socket && !(socket.Poll(TimeSpan.Zero, SelectMode.SelectRead) && socket.Available == 0);
        }
    }

    public KeptMount? Take()
    {
        lock (_gate)
        {
            if (TryConnect())
            {
                if (Ask() is { } kept) return kept;
                Disconnect();
            }
            else if (_takeoverTime > TimeSpan.Zero)
            {
                // Early, so that it is there when it is needed.
                _starting = Task.Run(() => HolderProcess.Start(_command, _socketPath));
            }

            return null;
        }
    }

    public void Keep(SafeFileHandle device, HandOver state)
    {
        lock (_gate)
        {
            _starting?.GetAwaiter().GetResult();
            _starting = null;
            if (_holder == null && !TryConnect())
            {
                HolderProcess.Start(_command, _socketPath);
                if (!TryConnect()) throw new FuseException($"the FUSE holder at {_socketPath} does not answer");
            }

            byte[] body = [.. new HolderMount(state.MountPoint, state.MountDevice).Write(), .. HandOverFormat.Write(state)];
            Call(new HolderMessage(HolderMessageKind.Hold, Milliseconds, body), device);
        }
    }

    public void Save(HandOver state, bool serving)
    {
        lock (_gate) Call(new HolderMessage(serving ? HolderMessageKind.Serving : HolderMessageKind.Save, Milliseconds, HandOverFormat.Write(state)));
    }

    public void Release()
    {
        lock (_gate)
        {
            if (_holder == null) return;
            try
            {
                Call(new HolderMessage(HolderMessageKind.Release, 0, []));
            }
            catch (FuseException)
            {
                // It has seen the mount's end itself, and ended.
            }

            Disconnect();
        }
    }

    /// <summary>Asks the holder, where one is, what it keeps.</summary>
    /// <returns>The mount point, and how long it will wait for an agent; null where nothing is kept.</returns>
    public static (string MountPoint, TimeSpan Left)? Look(string socketPath)
    {
        using HolderKeeper keeper = new(new HolderCommand("", []), socketPath, TimeSpan.Zero);
        if (!keeper.TryConnect()) return null;
        try
        {
            HolderMessage answer = keeper.Call(new HolderMessage(HolderMessageKind.Ask, 0, []), null, HolderMessageKind.Keeping, out _);
            if (answer.Kind == HolderMessageKind.Nothing) return null;
            return (System.Text.Encoding.UTF8.GetString(answer.Body), TimeSpan.FromMilliseconds(answer.Value));
        }
        catch (FuseException)
        {
            return null;
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            if (_starting != null) SendAway(_starting);
            Disconnect();
        }
    }

    /// <summary>A holder that was started for a mount which never came need not wait for it.</summary>
    private void SendAway(Task starting)
    {
        try
        {
            starting.GetAwaiter().GetResult();
            if (TryConnect()) Call(new HolderMessage(HolderMessageKind.Release, 0, []));
        }
        catch (FuseException)
        {
            // It did not even start, or has gone.
        }
    }

    private uint Milliseconds => (uint)_takeoverTime.TotalMilliseconds;

    private KeptMount? Ask()
    {
        HolderMessage answer = Call(new HolderMessage(HolderMessageKind.Take, 0, []), null, HolderMessageKind.Kept, out SafeFileHandle? device);
        return device == null ? null : new KeptMount(device, answer.Body.ToArray());
    }

    private bool TryConnect()
    {
        Socket socket = HolderSocket.New();
        try
        {
            socket.SendTimeout = socket.ReceiveTimeout = (int)AnswerLimit.TotalMilliseconds;
            socket.Connect(new UnixDomainSocketEndPoint(_socketPath));
            _holder = socket;
            Name = $"process {HolderSocket.ProcessOf(socket)}";
            return true;
        }
        catch (SocketException)
        {
            // None there, or one that has just ended.
            socket.Dispose();
            return false;
        }
    }

    private void Call(in HolderMessage message, SafeFileHandle? descriptor = null) => Call(message, descriptor, HolderMessageKind.Done, out _);

    /// <summary>One question, one answer; the answer's body is valid until the next.</summary>
    private HolderMessage Call(in HolderMessage message, SafeFileHandle? descriptor, HolderMessageKind expected, out SafeFileHandle? received)
    {
        received = null;
        if (_holder is not { } holder) throw new FuseException($"no FUSE holder is connected at {_socketPath}");
        FuseError error = DescriptorMessage.Send(holder.SafeHandle, message.Write(), descriptor);
        int length = error == FuseError.Ok ? DescriptorMessage.Receive(holder.SafeHandle, _buffer, 0, out received) : 0;
        if (length > 0 && HolderMessage.TryRead(_buffer.AsSpan(0, length), out HolderMessage answer) && (answer.Kind == expected || answer.Kind == HolderMessageKind.Nothing)) return answer;
        received?.Dispose();
        Disconnect();
        throw new FuseException($"the FUSE holder at {_socketPath} gave no answer to {message.Kind}");
    }

    private void Disconnect()
    {
        _holder?.Dispose();
        _holder = null;
    }
}
