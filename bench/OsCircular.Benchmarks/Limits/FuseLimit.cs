using Microsoft.Extensions.Logging.Abstractions;
using OsCircular.Fuse;

namespace OsCircular.Benchmarks.Limits;

/// <summary>
/// F of target T1: a disk of any size through OsCircular.Fuse with the options that the agent uses, every read answered at once from memory.
/// Serves until unmounted or standard input ends.
/// </summary>
internal static class FuseLimit
{
    public static async Task<int> RunAsync(string mountPoint, long size)
    {
        using FuseMount mount = FuseMount.Mount(new FuseMountOptions { MountPoint = mountPoint, Subtype = "oscircular-bench" }, NullLogger<FuseMount>.Instance);
        await using var session = new FuseSession(
            mount.Device, new WindowFileSystem(size), new FuseSessionOptions(), NullLogger<FuseSession>.Instance, TimeProvider.System);
        session.Start();
        await session.Connected;
        Console.WriteLine("ready");
        await Task.WhenAny(session.Completion, Console.In.ReadLineAsync());
        mount.Detach();
        return 0;
    }
}
