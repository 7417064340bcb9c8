namespace OsCircular.Diagnostics;

/// <summary>The first event id of each folder's range of 100; the ids themselves stand in the folders' <c>X.Log.cs</c>.</summary>
public static class EventIds
{
    public const int Fuse = 100;
    public const int Cache = 200;
    public const int Mirrors = 300;
    public const int Library = 400;
    public const int Disks = 500;
    public const int Mount = 600;
    public const int Publishing = 700;
    public const int Agent = 800;
    public const int Peers = 900;
    public const int Takeover = 1000;
}
