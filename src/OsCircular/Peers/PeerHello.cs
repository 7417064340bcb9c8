using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using OsCircular.Blocks;

namespace OsCircular.Peers;

/// <summary>What an agent says of itself with every greeting and every poll, in the header <c>Oscircular-Hello</c>.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Group">Its group: 20 bytes, as the beacon carries them.</param>
/// <param name="Port">Where it listens, 1 to 65535, on the address it speaks from.</param>
/// <param name="Repository">The repository's ID, 16 lower-case hex digits; null before a head is adopted.</param>
/// <param name="Sequence">Of the adopted head; 0 before.</param>
/// <param name="Fetches">Whether it can fetch from a mirror now, and so be a home.</param>
public sealed record PeerHello(PeerId Id, PeerId Group, int Port, string? Repository, long Sequence, bool Fetches)
{
    public const int Format = 1;

    /// <summary>No hello is longer, in characters.</summary>
    public const int MaxLength = 256;

    private const int RepositoryLength = 16;

    /// <summary>Reads a header's value. Fields it does not know are passed over; a known one that is wrong refuses all.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out PeerHello? hello)
    {
        hello = null;
        if (text is null || text.Length > MaxLength) return false;
        string[] fields = text.Split(' ');
        if (fields[0] != "1") return false;
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string field in fields.AsSpan(1))
        {
            int equals = field.IndexOf('=');
            if (equals <= 0 || !values.TryAdd(field[..equals], field[(equals + 1)..])) return false;
        }

        if (!PeerId.TryParse(values.GetValueOrDefault("id"), out PeerId id) || !PeerId.TryParse(values.GetValueOrDefault("group"), out PeerId group)) return false;
        if (!TryNumber(values, "port", 1, 65535, out long port) || !TryNumber(values, "sequence", 0, 999_999_999_999_999_999, out long sequence)) return false;
        if (!TryNumber(values, "fetches", 0, 1, out long fetches) || !values.TryGetValue("repository", out string? repository)) return false;
        if (repository == "-") repository = null;
        else if (repository.Length != RepositoryLength || !LowerHex.TryParse(repository, stackalloc byte[RepositoryLength / 2])) return false;
        hello = new PeerHello(id, group, (int)port, repository, sequence, fetches == 1);
        return true;
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Format} id={Id} group={Group} port={Port} repository={Repository ?? "-"} sequence={Sequence} fetches={(Fetches ? 1 : 0)}");

    private static bool TryNumber(Dictionary<string, string> values, string name, long least, long most, out long number)
    {
        number = 0;
        return values.TryGetValue(name, out string? text)
            && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number >= least && number <= most;
    }
}
