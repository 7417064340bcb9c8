namespace OsCircular.Sources.Transfers;

/// <summary>Where a file's bytes go, and how many it may have: exactly as many as the index says, or at most as many as its kind allows. For one reader.</summary>
public sealed class BodyBuffer
{
    private const int FirstRoom = 16 * 1024;

    private readonly int _maxLength;
    private readonly bool _exact;
    private readonly TimeProvider _time;
    private Memory<byte> _memory;
    private volatile bool _begun;

    private BodyBuffer(Memory<byte> memory, int maxLength, bool exact, TimeProvider time)
    {
        _time = time;
        _memory = memory;
        _maxLength = maxLength;
        _exact = exact;
    }

    /// <summary>Bytes read so far.</summary>
    public int Length { get; private set; }

    /// <summary>True from the moment at which the mirror's answer began; may be asked from any thread.</summary>
    public bool HasBegun => _begun;

    /// <summary>The timestamp of that moment.</summary>
    public long BegunAt { get; private set; }

    public ReadOnlyMemory<byte> Written => _memory[..Length];

    /// <summary>All of the memory, filled or not.</summary>
    public Memory<byte> Whole => _memory;

    /// <summary>True where a file of the length read so far is as long as it must be.</summary>
    public bool IsWhole => !_exact || Length == _maxLength;

    /// <summary>True where one byte more would be too many.</summary>
    public bool IsFull => Length == _maxLength;

    /// <summary>A file that fills <paramref name="destination"/> exactly.</summary>
    public static BodyBuffer Exactly(Memory<byte> destination, TimeProvider time) => new(destination, destination.Length, exact: true, time);

    /// <summary>A file of at most <paramref name="maxLength"/> bytes, in memory allocated as it comes.</summary>
    public static BodyBuffer UpTo(int maxLength, TimeProvider time) => new(Memory<byte>.Empty, maxLength, exact: false, time);

    /// <summary>Whether a file that is said to have this length can be the one wanted; null where nothing was said.</summary>
    public bool Accepts(long? declaredLength) => declaredLength is not { } length || (_exact ? length == _maxLength : length <= _maxLength);

    /// <summary>Forgets what was read, for another answer.</summary>
    public void Begin(long? declaredLength)
    {
        Length = 0;
        if (!_exact && declaredLength is { } length && length > _memory.Length) _memory = new byte[Math.Min(length, _maxLength)];
        BegunAt = _time.GetTimestamp();
        _begun = true;
    }

    /// <summary>Where the next bytes go; empty exactly when <see cref="IsFull"/>.</summary>
    public Memory<byte> Room()
    {
        // What a server says of its length may be a lie or lack: memory is taken for what has come, doubled.
        if (Length == _memory.Length && !IsFull)
        {
            byte[] larger = new byte[Math.Min(_maxLength, Math.Max(FirstRoom, 2L * Length))];
            _memory.CopyTo(larger);
            _memory = larger;
        }

        return _memory[Length..];
    }

    public void Advance(int count) => Length += count;

    /// <summary>As if nothing had been read: it may be lent again.</summary>
    public void Forget()
    {
        Length = 0;
        _begun = false;
    }
}
