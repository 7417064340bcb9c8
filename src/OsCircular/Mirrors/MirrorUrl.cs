using System.Text;
using OsCircular.Blocks;

namespace OsCircular.Mirrors;

/// <summary>What a user may write as a mirror: an http, https or file URL, or a folder's path.</summary>
public sealed record MirrorUrl
{
    private MirrorUrl(Uri root, string? authorization)
    {
        Root = root;
        Authorization = authorization;
    }

    /// <summary>Ends with a slash; without user and password.</summary>
    public Uri Root { get; }

    /// <summary>Value of the Authorization header (RFC 7617), or null. A secret: never logged.</summary>
    internal string? Authorization { get; }

    public bool IsFile => Root.IsFile;

    /// <exception cref="UserError">It is no mirror; the message says why.</exception>
    public static MirrorUrl Parse(string text)
    {
        if (string.IsNullOrWhiteSpace(text)) throw Wrong(text, "it is empty");
        if (text.Any(char.IsControl)) throw Wrong(Redact(string.Concat(text.Select(letter => char.IsControl(letter) ? '?' : letter))), "it holds a control character");
        if (!HasScheme(text)) return new MirrorUrl(new Uri("file://" + Uri.EscapeDataString(Folder(text)).Replace("%2F", "/")), null);
        if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? uri)) throw Wrong(Redact(text), "it is not a URL");
        if (uri.Scheme is not ("http" or "https" or "file")) throw Wrong(Redact(text), $"{uri.Scheme} is not understood");
        if (uri.IsFile && uri.Host.Length > 0) throw Wrong(Redact(text), "a file URL names no host: write file:///folder");
        if (uri.Query.Length > 0 || uri.Fragment.Length > 0) throw Wrong(Redact(text), "a ? or # has no meaning here");
        try
        {
            return new MirrorUrl(WithoutUser(uri), Basic(uri.UserInfo));
        }
        catch (UriFormatException)
        {
            // Read as a URL, and yet not as one when it is put together again: a port without a host, say.
            throw Wrong(Redact(text), "it is not a URL");
        }
    }

    /// <summary>The root without its last slash.</summary>
    public override string ToString() => IsFile ? Root.LocalPath.TrimEnd('/') : Root.AbsoluteUri.TrimEnd('/');

    // A folder's path may hold anything, "://" too.
    private static bool HasScheme(string text)
    {
        int end = text.IndexOf("://", StringComparison.Ordinal);
        return end > 0 && Uri.CheckSchemeName(text[..end]);
    }

    private static string Folder(string text)
    {
        string full = Path.GetFullPath(text);
        return full.EndsWith('/') ? full : full + '/';
    }

    private static Uri WithoutUser(Uri uri)
    {
        var builder = new UriBuilder(uri) { UserName = "", Password = "" };
        if (!builder.Path.EndsWith('/')) builder.Path += '/';
        return builder.Uri;
    }

    private static string? Basic(string userInfo) => userInfo.Length == 0
        ? null
        : "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes(Uri.UnescapeDataString(userInfo)));

    // What stands before an @ may be a password, whatever else is wrong with the text.
    private static string Redact(string text)
    {
        int at = text.LastIndexOf('@');
        int scheme = text.IndexOf("://", StringComparison.Ordinal);
        return at > scheme && scheme >= 0 ? $"{text[..(scheme + 3)]}...{text[at..]}" : text;
    }

    private static UserError Wrong(string text, string why) =>
        new($"'{text}' is no mirror: {why}. Give http://HOST/PATH, https://HOST/PATH, file:///FOLDER or a folder.", UserError.WrongUsage);
}
