namespace OsCircular.Tests.Architecture;

/// <summary>The allowed arrows between the folders of src, as data.</summary>
internal static class Arrows
{
    /// <summary>The folders of src/OsCircular. Each may also use itself and <see cref="Everywhere"/>.</summary>
    public static readonly IReadOnlyDictionary<string, string[]> Folders = new Dictionary<string, string[]>
    {
        ["Blocks"] = [],
        ["Diagnostics"] = [],
        ["Indexes"] = [],
        ["Sources"] = [],
        ["Cache"] = ["Sources"],
        ["Peers"] = ["Sources"],
        ["Mirrors"] = ["Sources"],
        ["Library"] = ["Sources", "Indexes", "Cache"],
        ["Disks"] = ["Sources", "Indexes"],
        // Sources: Mount turns the closed set of source errors into errno, and has to see it.
        ["Mount"] = ["Disks", "Library", "Indexes", "Sources", "Fuse"],
        ["Publishing"] = ["Indexes", "Sources"],
    };

    /// <summary>What every folder of src/OsCircular may use.</summary>
    public static readonly string[] Everywhere = ["Blocks", "Diagnostics"];

    /// <summary>Which project may refer to which.</summary>
    public static readonly IReadOnlyDictionary<string, string[]> Projects = new Dictionary<string, string[]>
    {
        ["OsCircular.Fuse"] = [],
        ["OsCircular"] = ["OsCircular.Fuse"],
        ["OsCircular.Agent"] = ["OsCircular", "OsCircular.Fuse"],
    };

    /// <summary>Says whether <paramref name="from"/> may use <paramref name="to"/>; a folder that is not in the table may use nothing.</summary>
    public static bool Allow(string from, string to) =>
        from == to || Folders.TryGetValue(from, out string[]? to2) && (Everywhere.Contains(to) || to2.Contains(to));
}
