using System.Runtime.CompilerServices;

namespace OsCircular.Tests.Architecture;

/// <summary>The source tree these tests were built from.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    public static string PathOf(string relative) => Path.Combine(Root, relative);

    /// <summary>Files below <paramref name="folder"/>, build output left out; paths relative to the root.</summary>
    public static IEnumerable<string> Files(string folder, string pattern) =>
        Directory.EnumerateFiles(PathOf(folder), pattern, SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Root, file))
            .Where(file => !file.Split('/').Any(part => part is "artifacts" or "bin" or "obj" or ".git"));

    private static string FindRoot([CallerFilePath] string thisFile = "")
    {
        string? folder = Path.GetDirectoryName(thisFile);
        while (folder is not null && !File.Exists(Path.Combine(folder, "OsCircular.sln"))) folder = Path.GetDirectoryName(folder);
        return folder ?? throw new InvalidOperationException("OsCircular.sln was not found above the tests.");
    }
}
