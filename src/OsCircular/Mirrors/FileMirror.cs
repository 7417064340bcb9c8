using OsCircular.Blocks;
using OsCircular.Sources;
using OsCircular.Sources.Transfers;

namespace OsCircular.Mirrors;

/// <summary>A repository in a folder: a local disk, a USB stick, a network file system that may hang.</summary>
public sealed class FileMirror : IMirror
{
    private readonly string _root;
    private readonly int _maxReads;
    private int _reads;

    /// <param name="root">The folder.</param>
    /// <param name="maxReads">
    /// Reads at one time, each on a thread of the pool. A read from a file system that hangs cannot be cancelled, only left behind:
    /// this bounds how many threads can be lost to it.
    /// </param>
    public FileMirror(string root, int maxReads)
    {
        _root = root;
        _maxReads = maxReads;
    }

    public string Name => _root.Length > 1 ? _root.TrimEnd('/') : _root;

    /// <inheritdoc/>
    public async ValueTask<TransferAnswer> GetAsync(string path, BodyBuffer body, bool noCache, CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _reads) >= _maxReads) return new TransferAnswer(SourceError.Unreachable, $"{_maxReads} reads hang");
        try
        {
            using FileBytes file = await ReadElsewhereAsync(Path.Combine(_root, path), body).WaitAsync(cancellationToken);
            if (file.Answer.Error == SourceError.None) Copy(file.Bytes.Span, body);
            return file.Answer;
        }
        catch (OperationCanceledException)
        {
            return SourceError.Cancelled;
        }
    }

    public void Dispose()
    {
        // Nothing is held open between reads.
    }

    private Task<FileBytes> ReadElsewhereAsync(string path, BodyBuffer body)
    {
        Interlocked.Increment(ref _reads);
        return Task.Run(() =>
        {
            try
            {
                return Read(path, body.Accepts);
            }
            finally
            {
                Interlocked.Decrement(ref _reads);
            }
        });
    }

    private static FileBytes Read(string path, Func<long?, bool> accepts)
    {
        byte[]? rented = null;
        try
        {
            using var file = File.OpenHandle(path);
            long length = RandomAccess.GetLength(file);
            if (!accepts(length)) return new FileBytes(new TransferAnswer(SourceError.Invalid, $"{path} has {length} bytes"));
            rented = BlockBuffers.Shared.Rent((int)length);
            int read = 0;
            for (int got = -1; read < length && got != 0; read += got) got = RandomAccess.Read(file, rented.AsSpan(read, (int)length - read), read);
            if (read == length) return new FileBytes(SourceError.None, rented, read);
            BlockBuffers.Shared.Return(rented);
            return new FileBytes(new TransferAnswer(SourceError.Unreachable, $"{path} ends after {read} of {length} bytes"));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return new FileBytes(SourceError.Missing);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            if (rented is not null) BlockBuffers.Shared.Return(rented);
            return new FileBytes(new TransferAnswer(e is UnauthorizedAccessException ? SourceError.Refused : SourceError.Unreachable, e.Message));
        }
    }

    private static void Copy(ReadOnlySpan<byte> bytes, BodyBuffer body)
    {
        body.Begin(bytes.Length);
        while (bytes.Length > 0)
        {
            Span<byte> room = body.Room().Span;
            int count = Math.Min(room.Length, bytes.Length);
            bytes[..count].CopyTo(room);
            body.Advance(count);
            bytes = bytes[count..];
        }
    }

    /// <summary>A file's bytes in a buffer of their own, given back when disposed; one left behind is the collector's.</summary>
    private readonly record struct FileBytes(TransferAnswer Answer, byte[]? Rented = null, int Length = 0) : IDisposable
    {
        public ReadOnlyMemory<byte> Bytes => Rented.AsMemory(0, Length);

        public void Dispose()
        {
            if (Rented is not null) BlockBuffers.Shared.Return(Rented);
        }
    }
}
