using System.Diagnostics;
using Microsoft.Win32.SafeHandles;
using OsCircular.TestKit.Images;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.Faults.Campaign;

/// <summary>Threads that read a mounted disk at random, past the kernel's page cache, and compare every byte with the image.</summary>
internal sealed class VerifyingReaders(byte[] image, FaultPlan plan)
{
    private const int Sector = 4096;
    private readonly Lock _gate = new();
    private readonly List<string> _faults = [];
    private long _reads, _bytes, _longest;
    private long _wrong, _errors;

    public long Reads => Interlocked.Read(ref _reads);
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Reads that gave another byte than the image has.</summary>
    public long Wrong => Interlocked.Read(ref _wrong);
    public long Errors => Interlocked.Read(ref _errors);
    public TimeSpan Longest => Stopwatch.GetElapsedTime(0, Interlocked.Read(ref _longest));

    /// <summary>The first of what went wrong.</summary>
    public string Faults
    {
        get
        {
            lock (_gate) return string.Join('\n', _faults);
        }
    }

    /// <summary>Reads on a thread of its own until it is stopped: one who hangs is freed by the end of the agent.</summary>
    /// <param name="disk">The mounted disk.</param>
    /// <param name="name">Whose chance decides where it reads.</param>
    /// <param name="stop">Ends it after the read it is in.</param>
    public Task Start(string disk, string name, CancellationToken stop) =>
        Task.Factory.StartNew(() => Run(disk, plan.RandomOf(name), stop), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private void Run(string disk, Random random, CancellationToken stop)
    {
        using SafeFileHandle file = File.OpenHandle(disk);
        byte[] buffer = new byte[2 * SyntheticImage.BlockSize];
        while (!stop.IsCancellationRequested)
        {
            long at = random.NextInt64(image.Length / Sector) * Sector;
            int length = (int)Math.Min(random.Next(1, buffer.Length / Sector + 1) * Sector, image.Length - at);
            PageCache.Forget(file, at, length);
            Read(file, at, buffer.AsSpan(0, length));
        }
    }

    private void Read(SafeFileHandle file, long at, Span<byte> buffer)
    {
        long started = Stopwatch.GetTimestamp();
        try
        {
            int done = 0;
            for (int got = -1; done < buffer.Length && got != 0; done += got) got = RandomAccess.Read(file, buffer[done..], at + done);
            if (done != buffer.Length || !buffer.SequenceEqual(image.AsSpan((int)at, buffer.Length))) Note(ref _wrong, $"wrong bytes at {at}, {buffer.Length} long, {done} read");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Note(ref _errors, $"{e.Message} at {at} after {Stopwatch.GetElapsedTime(started).TotalSeconds:F1} s");
        }

        Interlocked.Increment(ref _reads);
        Interlocked.Add(ref _bytes, buffer.Length);
        long took = Stopwatch.GetTimestamp() - started;
        for (long longest = Interlocked.Read(ref _longest); took > longest; longest = Interlocked.Read(ref _longest)) Interlocked.CompareExchange(ref _longest, took, longest);
    }

    private void Note(ref long counter, string what)
    {
        Interlocked.Increment(ref counter);
        lock (_gate)
        {
            if (_faults.Count < 20) _faults.Add(what);
        }
    }
}
