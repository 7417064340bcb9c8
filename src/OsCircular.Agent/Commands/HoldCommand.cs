using OsCircular.Fuse.Holding;

namespace OsCircular.Agent.Commands;

/// <summary>
/// <c>hold SOCKET</c>: the FUSE holder, started by <c>mount</c> and not by people, so no help mentions it. It is looked for before anything else
/// is loaded: it lives as long as a mount and is to stay small.
/// </summary>
internal static class HoldCommand
{
    public const string Name = "hold";

    public static bool IsMeant(string[] arguments) => arguments is [Name, _];

    public static int Run(string[] arguments)
    {
        try
        {
            return HolderProcess.Run(arguments[1]);
        }
        catch (Exception failure) when (failure is Fuse.FuseException or IOException or System.Net.Sockets.SocketException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"oscircular: {failure.Message}");
            return 1;
        }
    }
}
