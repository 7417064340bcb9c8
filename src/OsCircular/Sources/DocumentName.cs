using OsCircular.Blocks;

namespace OsCircular.Sources;

/// <summary>The immutable documents of a repository, each named by the SHA-256 of its bytes.</summary>
public enum DocumentKind
{
    Manifest,
    IndexPage,
    Profile,
}

/// <summary>Names one document, and says where it lies in a repository and how large it may be.</summary>
public readonly record struct DocumentName(DocumentKind Kind, Digest Digest)
{
    /// <summary>The path within a repository, with forward slashes and no leading one.</summary>
    public string Path => RepositoryPaths.Document(Kind, Digest);

    /// <summary>The document that belongs at a path; only the exact <see cref="Path"/> of one is one's.</summary>
    public static bool TryParse(ReadOnlySpan<char> path, out DocumentName name)
    {
        name = default;
        int slash = path.IndexOf('/');
        if (slash < 0 || path.Length < slash + 1 + Digest.TextLength || KindIn(path[..slash]) is not { } kind) return false;
        if (!Digest.TryParse(path.Slice(slash + 1, Digest.TextLength), out Digest digest)) return false;
        name = new DocumentName(kind, digest);
        return path.SequenceEqual(name.Path);
    }

    private static DocumentKind? KindIn(ReadOnlySpan<char> folder) => folder switch
    {
        RepositoryPaths.Manifests => DocumentKind.Manifest,
        RepositoryPaths.Indexes => DocumentKind.IndexPage,
        RepositoryPaths.Profiles => DocumentKind.Profile,
        _ => null,
    };

    /// <summary>No document of this kind is longer, in bytes; a longer one is refused before it is read whole.</summary>
    public int MaxLength => Kind switch
    {
        DocumentKind.Manifest => 64 * 1024 * 1024,
        DocumentKind.IndexPage => 64 * 1024,
        DocumentKind.Profile => 16 * 1024 * 1024,
        _ => throw new InvalidOperationException($"No such kind of document: {Kind}."),
    };

    public override string ToString() => Path;
}
