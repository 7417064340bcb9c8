using System.Globalization;

namespace OsCircular.Agent.Control;

/// <summary>The cache disk's state in words: what is wrong, since when, and what that means for those who read.</summary>
internal static class CacheTrouble
{
    public static string Text(CacheReport cache)
    {
        string? means = cache.State switch
        {
            "full" or "readonly" => "what it holds is read, nothing new is kept",
            "failing" => "what it does not yield comes from elsewhere",
            "hanging" => "reads pass it by",
            "gone" => "reads pass it by until its folder is back",
            _ => null,
        };
        string state = cache.State == "readonly" ? "read-only" : cache.State;
        if (means is null || cache.StateSince is not { } since) return state;
        return string.Create(CultureInfo.InvariantCulture, $"{state} since {since.ToLocalTime():yyyy-MM-dd HH:mm}: {means}");
    }
}
