using Microsoft.Extensions.Logging;
using OsCircular.Fuse.Native;

namespace OsCircular.Fuse;

/// <summary>One reader thread: waits in read(2) for a request, has it handled, and again. The other parts hold the handlers and the messages.</summary>
internal sealed unsafe partial class FuseReader
{
    public const int CountedOpcodes = 64;

    // The kernel wants room for a header, a write request and max_write bytes, at least 8 KiB.
    private const int InputSize = 16 << 10;

    // An extended attribute or a readdir reply of 64 KiB.
    private const int OutputSize = FuseChannel.HeaderSize + (64 << 10);

    private readonly FuseSession _session;
    private readonly IFuseFileSystem _fileSystem;
    private readonly FuseChannel _channel;
    private readonly FuseRequestTable _table;
    private readonly ILogger _logger;
    private readonly Thread _thread;
    private readonly byte[] _input = ResidentBuffer.Allocate(InputSize);
    private readonly byte[] _output = ResidentBuffer.Allocate(OutputSize);
    // And not the thread's own end: one that ends at once may ask it of a thread that is not started yet.
    private readonly ManualResetEventSlim _left = new();
    private readonly long[] _counts = new long[CountedOpcodes];
    private long _malformed;
    private int _threadId;
    private bool _isReading;

    public FuseReader(FuseSession session, IFuseFileSystem fileSystem, FuseChannel channel, FuseRequestTable table, ILogger logger, int number)
    {
        _session = session;
        _fileSystem = fileSystem;
        _channel = channel;
        _table = table;
        _logger = logger;
        _thread = new Thread(Run) { IsBackground = true, Name = $"fuse-{number}" };
    }

    public void Start() => _thread.Start();

    /// <summary>Gets the thread out of its wait for a request, where it is in one. May miss: repeat until it has left.</summary>
    public void Wake()
    {
        if (Volatile.Read(ref _isReading)) WakeSignal.Send(Volatile.Read(ref _threadId));
    }

    /// <summary>Waits for the thread to end, <paramref name="limit"/> at most.</summary>
    public bool HasLeft(TimeSpan limit) => _left.Wait(limit);

    /// <returns>Malformed requests; the others are added to <paramref name="byOpcode"/>.</returns>
    public long AddCountsTo(long[] byOpcode)
    {
        for (int i = 0; i < byOpcode.Length; i++) byOpcode[i] += Volatile.Read(ref _counts[i]);
        return Volatile.Read(ref _malformed);
    }

    private void Run()
    {
        Volatile.Write(ref _threadId, WakeSignal.CurrentThread);
        try
        {
            while (!_session.IsEnding)
            {
                int length = ReadRequest(out FuseError error);
                if (length > 0) Handle(new ReadOnlySpan<byte>(_input, 0, length));
                else if (!GoOnAfter(error)) return;
            }
        }
        catch (Exception failure)
        {
            if (_session.End(new FuseSessionEnd(FuseSessionEndReason.Failed, failure))) _session.SeeOthersOut(this);
        }
        finally
        {
            _left.Set();
            _session.ReaderLeft();
        }
    }

    private int ReadRequest(out FuseError error)
    {
        Volatile.Write(ref _isReading, true);
        int length = _channel.Read(ResidentBuffer.AddressOf(_input), InputSize, out error);
        Volatile.Write(ref _isReading, false);
        return length;
    }

    private bool GoOnAfter(FuseError error)
    {
        switch (error)
        {
            // Interrupted by our own signal or another; ENOENT: the request was withdrawn while it was copied.
            case FuseError.EINTR or FuseError.ENOENT or FuseError.EAGAIN:
                return true;

            // End of file is how a socket pair says that its other end is gone.
            case FuseError.Ok or FuseError.ENODEV or FuseError.ECONNABORTED or FuseError.ENOTCONN:
                _ = _session.End(new FuseSessionEnd(FuseSessionEndReason.Unmounted));
                return false;
            default:
                throw new FuseException($"reading from /dev/fuse failed ({error}); unmount and mount again");
        }
    }
}
