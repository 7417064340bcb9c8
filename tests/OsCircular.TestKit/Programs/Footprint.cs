using System.Globalization;
using System.Text.Json;

namespace OsCircular.TestKit.Programs;

/// <summary>What a running agent takes: to see that it is the same before and after.</summary>
/// <param name="Descriptors">Open files, sockets and pipes.</param>
/// <param name="Threads">All of them.</param>
/// <param name="ResidentBytes">Physical memory.</param>
/// <param name="Waiting">Reads that wait.</param>
public sealed record Footprint(int Descriptors, int Threads, long ResidentBytes, int Waiting)
{
    /// <param name="process">The agent's process id.</param>
    /// <param name="status">What its <c>status --json</c> says.</param>
    public static Footprint Of(int process, JsonDocument status) => new(
        Directory.GetFileSystemEntries($"/proc/{process}/fd").Length,
        Directory.GetDirectories($"/proc/{process}/task").Length,
        Resident(process),
        status.RootElement.GetProperty("reads").GetProperty("waiting").GetInt32());

    // VmRSS: in kB.
    private static long Resident(int process)
    {
        string line = File.ReadLines($"/proc/{process}/status").Single(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
    }
}
