using OsCircular.Agent.Commands;
using OsCircular.Cache;
using OsCircular.Fuse.Holding;

namespace OsCircular.Agent.Hosting;

/// <summary>Who keeps the mount while no agent runs: the service manager where it offers to, else a process of our own.</summary>
internal static class MountKeepers
{
    private const string SocketName = "holder.sock";

    /// <param name="cacheDirectory">An agent's cache, whose lock is held.</param>
    /// <param name="takeoverTime">Zero: nobody new; but what is kept is found.</param>
    /// <exception cref="Fuse.FuseException">The service manager cannot be reached.</exception>
    public static IMountKeeper Choose(string cacheDirectory, TimeSpan takeoverTime) => takeoverTime > TimeSpan.Zero && ServiceManagerKeeper.Find(Environment.GetEnvironmentVariable) is { } manager
        ? manager
        : new HolderKeeper(ThisProgram(), Path.Combine(RuntimeDirectory.Make(cacheDirectory), SocketName), takeoverTime);

    /// <summary>What a FUSE holder keeps of this cache while no agent runs; null: nothing, or none is there.</summary>
    public static (string MountPoint, TimeSpan Left)? Look(string cacheDirectory) => HolderKeeper.Look(Path.Combine(RuntimeDirectory.For(cacheDirectory), SocketName));

    private static HolderCommand ThisProgram()
    {
        string program = Environment.ProcessPath ?? throw new InvalidOperationException("This process has no program.");
        string assembly = typeof(MountKeepers).Assembly.Location;
        // Started as `dotnet OsCircular.Agent.dll`, the program is dotnet.
        return Path.GetFileNameWithoutExtension(program) == "dotnet" ? new HolderCommand(program, [assembly, HoldCommand.Name]) : new HolderCommand(program, [HoldCommand.Name]);
    }
}
