using OsCircular.Blocks;
using OsCircular.Sources;

namespace OsCircular.Agent.Serving;

/// <summary>A path of a repository that may be served: one of five shapes, and nothing else that lies in the folder.</summary>
/// <param name="Relative">Below the repository's folder; holds no dot-dot, for it is made of digits and fixed words.</param>
/// <param name="Tag">The digest that the file is named by, so its entity tag; null for the head.</param>
/// <param name="ContentType">Its media type.</param>
/// <param name="Block">Where it is a block's.</param>
/// <param name="Document">Where it is a document's.</param>
internal readonly record struct ServedPath(string Relative, string? Tag, string ContentType, BlockName? Block = null, DocumentName? Document = null)
{
    private const string Bytes = "application/octet-stream";
    private const string Json = "application/json";

    /// <summary>Named by its own digest: whoever has it may keep it for ever.</summary>
    public bool IsImmutable => Tag is not null;

    /// <param name="path">Of the request, with its leading slash.</param>
    /// <param name="served">What is asked for.</param>
    public static bool TryParse(string path, out ServedPath served)
    {
        served = default;
        string[] parts = path.Split('/', 5);
        if (parts.Length < 2 || parts[0].Length != 0) return false;
        served = (parts.Length, parts[1]) switch
        {
            (2, RepositoryPaths.Head) => new ServedPath(RepositoryPaths.Head, null, "text/plain"),
            (3, RepositoryPaths.Manifests or RepositoryPaths.Profiles) => OfDocument(path, Json),
            (3, RepositoryPaths.Indexes) => OfDocument(path, Bytes),
            (4, RepositoryPaths.Blocks) => OfBlock(parts[2], parts[3]),
            _ => default,
        };
        return served.Relative is not null;
    }

    private static ServedPath OfDocument(string path, string contentType) =>
        DocumentName.TryParse(path.AsSpan(1), out DocumentName name) ? new ServedPath(name.Path, name.Digest.ToString(), contentType, Document: name) : default;

    private static ServedPath OfBlock(string folder, string file) =>
        BlockName.TryParse(file, out BlockName name) && file.StartsWith(folder, StringComparison.Ordinal) && folder.Length == 2
            ? new ServedPath(RepositoryPaths.Block(name), file, Bytes, Block: name)
            : default;
}
