using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace OsCircular.Agent.Demo;

/// <summary>Reads a whole file the way any program would, through the kernel, on a thread of its own: the agent that answers lives in this process too.</summary>
internal static class DemoReader
{
    private const int PieceLength = 1 << 20;

    /// <summary>The SHA-256 of the file in hex, and how long reading it took.</summary>
    public static Task<(string Sha256, TimeSpan Elapsed)> DigestAsync(string path, TimeProvider time, CancellationToken cancellationToken) =>
        Task.Factory.StartNew(() => Digest(path, time, cancellationToken), cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static (string, TimeSpan) Digest(string path, TimeProvider time, CancellationToken cancellationToken)
    {
        long started = time.GetTimestamp();
        using IncrementalHash sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using SafeFileHandle file = File.OpenHandle(path, options: FileOptions.SequentialScan);
        byte[] piece = new byte[PieceLength];
        long offset = 0;
        while (RandomAccess.Read(file, piece, offset) is > 0 and int length)
        {
            cancellationToken.ThrowIfCancellationRequested();
            sha256.AppendData(piece, 0, length);
            offset += length;
        }

        return (Convert.ToHexStringLower(sha256.GetHashAndReset()), time.GetElapsedTime(started));
    }
}
