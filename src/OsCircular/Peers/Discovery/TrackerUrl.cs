using OsCircular.Blocks;

namespace OsCircular.Peers.Discovery;

/// <summary>What a user may write as a tracker: the http or https URL that it is announced to.</summary>
public sealed record TrackerUrl
{
    private TrackerUrl(Uri announce) => Announce = announce;

    /// <summary>With its query, which some trackers know their users by: never logged.</summary>
    internal Uri Announce { get; }

    /// <exception cref="UserError">It is no tracker; the message says why.</exception>
    public static TrackerUrl Parse(string text)
    {
        if (string.IsNullOrWhiteSpace(text)) throw Wrong(text, "it is empty");
        if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? uri)) throw Wrong(text, "it is not a URL");
        if (uri.Scheme is not ("http" or "https")) throw Wrong(Redact(text), $"{uri.Scheme} is not understood");
        if (uri.UserInfo.Length > 0) throw Wrong(Redact(text), "a user and password have no meaning here");
        if (uri.Fragment.Length > 0) throw Wrong(Redact(text), "a # has no meaning here");
        return new TrackerUrl(uri);
    }

    /// <summary>Without its query.</summary>
    public override string ToString() => Announce.GetLeftPart(UriPartial.Path);

    private static string Redact(string text)
    {
        int at = text.LastIndexOf('@');
        int scheme = text.IndexOf("://", StringComparison.Ordinal);
        int query = text.IndexOf('?');
        if (query > 0) text = text[..query] + "?...";
        return at > scheme && scheme >= 0 && at < text.Length ? $"{text[..(scheme + 3)]}...{text[at..]}" : text;
    }

    private static UserError Wrong(string text, string why) =>
        new($"'{text}' is no tracker: {why}. Give http://HOST:PORT/announce.", UserError.WrongUsage);
}
