using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace OsCircular.SystemTests.Faults.Campaign;

/// <summary>
/// Which faults happen. What a server answers to the nth request for a path is a function of seed, server, path and n, whoever asks first; what becomes of the cache
/// is one sequence of the seed. Counts what was done.
/// </summary>
internal sealed class FaultPlan(int seed)
{
    private readonly ConcurrentDictionary<(string Server, string Path), int> _requests = new();
    private readonly long[] _done = new long[Enum.GetValues<FaultKind>().Length];

    /// <summary>While it is unset, servers behave.</summary>
    public bool IsOn { get; set; } = true;

    public long Total => Enum.GetValues<FaultKind>().Sum(kind => this[kind]);

    public long this[FaultKind kind] => Interlocked.Read(ref _done[(int)kind]);

    public void Count(FaultKind kind) => Interlocked.Increment(ref _done[(int)kind]);

    /// <summary>What a server does to its next request for this path; null where it answers as it should.</summary>
    /// <param name="server">Its name.</param>
    /// <param name="path">What is asked for.</param>
    /// <param name="share">How often it fails, 0 to 1.</param>
    /// <param name="first">The first of its six kinds.</param>
    public FaultKind? Answer(string server, string path, double share, FaultKind first)
    {
        if (!IsOn) return null;
        int number = _requests.AddOrUpdate((server, path), 0, static (_, before) => before + 1);
        Random random = RandomOf($"{server} {path} {number}");
        if (random.NextDouble() >= share) return null;

        // A stall costs a reader seconds, where all others cost moments: one in ten.
        FaultKind stall = first + (FaultKind.MirrorStall - FaultKind.MirrorWrongBytes);
        FaultKind fault = first + random.Next(5);
        if (fault >= stall) fault++;
        if (random.Next(10) == 0) fault = stall;
        Count(fault);
        return fault;
    }

    /// <summary>Chance of its own for one purpose.</summary>
    public Random RandomOf(string purpose) => new(BitConverter.ToInt32(SHA256.HashData(Encoding.UTF8.GetBytes($"{seed} {purpose}"))));
}
