using OsCircular.Disks;
using OsCircular.Sources;

namespace OsCircular.TestKit.Disks;

/// <summary>A disk read that can be awaited.</summary>
public sealed class TestRead : IDiskReadCompletion
{
    private TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _completions;

    public TestRead() => Read = new DiskRead(this);

    public DiskRead Read { get; }
    public Task Done => _done.Task;
    public SourceError Error => Read.Error;

    /// <summary>Times it was completed since it was started.</summary>
    public int Completions => Volatile.Read(ref _completions);

    /// <summary>One whole read: its bytes, or its error.</summary>
    public static async Task<(SourceError Error, byte[] Bytes)> OfAsync(Disk disk, long offset, int length, bool inline = false)
    {
        var read = new TestRead();
        await read.Start(disk, offset, length, inline).Done.WaitAsync(TimeSpan.FromSeconds(60));
        return read.Take();
    }

    public TestRead Start(Disk disk, long offset, int length, bool inline = false)
    {
        _done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _completions = 0;
        Read.Prepare(offset, length, inline);
        disk.Read(Read);
        return this;
    }

    /// <summary>The completed read's bytes, copied; then it is released.</summary>
    public (SourceError Error, byte[] Bytes) Take()
    {
        byte[] bytes = Read.Error == SourceError.None ? new byte[Read.Length] : [];
        int at = 0;
        foreach (ReadOnlyMemory<byte> segment in Read.Segments)
        {
            segment.Span.CopyTo(bytes.AsSpan(at));
            at += segment.Length;
        }

        if (at != bytes.Length) throw new InvalidOperationException($"{at} bytes came of {bytes.Length}.");
        SourceError error = Read.Error;
        Read.Release();
        return (error, bytes);
    }

    void IDiskReadCompletion.OnCompleted(DiskRead read)
    {
        Interlocked.Increment(ref _completions);
        _done.TrySetResult();
    }
}
