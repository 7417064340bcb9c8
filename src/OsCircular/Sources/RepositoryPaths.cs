using OsCircular.Blocks;

namespace OsCircular.Sources;

/// <summary>Where everything lies in a repository, and so in a cache and under a mirror's URL: relative paths with forward slashes.</summary>
public static class RepositoryPaths
{
    public const string Head = "head.minisig";
    public const string Manifests = "manifests";
    public const string Indexes = "indexes";
    public const string Profiles = "profiles";
    public const string Blocks = "blocks";

    /// <summary>Where documents lie.</summary>
    public static IReadOnlyList<string> DocumentFolders { get; } = [Manifests, Indexes, Profiles];

    /// <summary>No head file is longer, in bytes.</summary>
    public const int MaxHeadLength = 4096;

    /// <summary><c>blocks/ab/abcdef…</c></summary>
    public static string Block(BlockName name)
    {
        string hex = name.ToString();
        return $"{Blocks}/{hex.AsSpan(0, 2)}/{hex}";
    }

    public static string Document(DocumentKind kind, Digest digest) => kind switch
    {
        DocumentKind.Manifest => $"{Manifests}/{digest}.json",
        DocumentKind.IndexPage => $"{Indexes}/{digest}",
        DocumentKind.Profile => $"{Profiles}/{digest}.json",
        _ => throw new InvalidOperationException($"No such kind of document: {kind}."),
    };
}
