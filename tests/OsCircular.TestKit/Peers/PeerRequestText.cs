using System.Net.Sockets;
using System.Text;

namespace OsCircular.TestKit.Peers;

/// <summary>One HTTP request as it came: its target and headers. Requests of peers have no body.</summary>
internal sealed record PeerRequestText(string Target, IReadOnlyDictionary<string, string> Headers)
{
    private const int MaxLength = 16 * 1024;

    public string? Header(string name) => Headers.GetValueOrDefault(name);

    /// <summary>Reads the next one; null where the other side has closed, or sent what no peer sends.</summary>
    public static async Task<PeerRequestText?> ReadAsync(NetworkStream stream, CancellationToken cancellationToken)
    {
        var text = new StringBuilder();
        byte[] one = new byte[1];
        while (text.Length < MaxLength)
        {
            if (await stream.ReadAsync(one, cancellationToken) == 0) return null;
            text.Append((char)one[0]);
            if (one[0] == '\n' && text.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal)) return Parse(text.ToString());
        }

        return null;
    }

    private static PeerRequestText? Parse(string text)
    {
        string[] lines = text.Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        if (lines[0].Split(' ') is not [_, var target, _]) return null;
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (string line in lines.AsSpan(1))
            if (line.IndexOf(':') is > 0 and var colon) headers[line[..colon]] = line[(colon + 1)..].Trim();
        return new PeerRequestText(target, headers);
    }
}
