using System.Buffers;

namespace OsCircular.Agent.Serving;

internal enum AskedKind
{
    File,
    Peers,
    Summary,
}

/// <summary>
/// What a peer may ask for: a repository's own paths, <c>/peers</c> and <c>/summary</c>. Read from the request line as it stands: nothing there is ever decoded,
/// for no path of ours needs it, so that no second spelling of a path can mean something.
/// </summary>
/// <param name="Kind">Which of them.</param>
/// <param name="File">Where it is a repository's path.</param>
/// <param name="Since">The summary's <c>since</c>; null for all.</param>
internal readonly record struct AskedPath(AskedKind Kind, ServedPath File = default, string? Since = null)
{
    private const string Peers = "/peers";
    private const string Summary = "/summary";
    private const string SummarySince = "/summary?since=";

    private static readonly SearchValues<char> SinceCharacters = SearchValues.Create("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.:_-");

    /// <summary>No <c>since</c> is longer, in characters.</summary>
    public const int MaxSinceLength = 128;

    /// <param name="target">The request's target: a path with its query. A whole URL and <c>*</c> are none.</param>
    /// <param name="path">What is asked for.</param>
    public static bool TryParse(string target, out AskedPath path)
    {
        path = default;
        if (target == Peers) path = new AskedPath(AskedKind.Peers);
        else if (target == Summary) path = new AskedPath(AskedKind.Summary);
        else if (target.StartsWith(SummarySince, StringComparison.Ordinal)) return TrySince(target[SummarySince.Length..], out path);
        else if (ServedPath.TryParse(target, out ServedPath file)) path = new AskedPath(AskedKind.File, file);
        else return false;
        return true;
    }

    private static bool TrySince(string since, out AskedPath path)
    {
        path = new AskedPath(AskedKind.Summary, Since: since);
        return since.Length is > 0 and <= MaxSinceLength && !since.AsSpan().ContainsAnyExcept(SinceCharacters);
    }
}
