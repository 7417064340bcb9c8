namespace OsCircular.Mirrors;

/// <summary>
/// Where a mirror that redirects everything has sent us, so that it costs one request more and not one more for each block.
/// Only a redirect that keeps the path says where other paths are: <c>http://a/r/blocks/ab/X</c> to <c>http://b/s/blocks/ab/X</c>.
/// </summary>
internal sealed class RedirectMemory
{
    private readonly TimeProvider _time;
    private readonly TimeSpan _memory;
    private volatile Entry? _entry;

    public RedirectMemory(TimeProvider time, TimeSpan memory)
    {
        _time = time;
        _memory = memory;
    }

    /// <summary>The root to ask in the place of the mirror's own, or null.</summary>
    public Uri? Root => _entry is { } entry && _time.GetElapsedTime(entry.Since) < _memory ? entry.Root : null;

    public void Forget() => _entry = null;

    public void Learn(Uri target, string path)
    {
        if (RootOf(target, path) is { } root) _entry = new Entry(root, _time.GetTimestamp());
    }

    /// <returns>The target's root, ending in a slash, or null where the target does not end in the path that was asked for.</returns>
    internal static Uri? RootOf(Uri target, string path)
    {
        string text = target.AbsoluteUri;
        return text.EndsWith('/' + path, StringComparison.Ordinal) ? new Uri(text[..^path.Length]) : null;
    }

    private sealed record Entry(Uri Root, long Since);
}
