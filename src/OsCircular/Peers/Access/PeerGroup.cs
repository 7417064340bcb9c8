using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using OsCircular.Blocks;

namespace OsCircular.Peers.Access;

/// <summary>Which agents belong together: those with the same name and the same key.</summary>
public sealed partial class PeerGroup
{
    /// <param name="name"><c>[a-z0-9][a-z0-9._-]{0,63}</c></param>
    /// <param name="key">Null for a group that only the subnet keeps together.</param>
    /// <exception cref="UserError">The name is none.</exception>
    public PeerGroup(string name, GroupKey? key = null)
    {
        if (!NamePattern().IsMatch(name))
        {
            throw new UserError($"Group '{name}': a group's name is 1 to 64 of a-z, 0-9, '.', '_' and '-', and begins with a letter or a digit.", UserError.WrongUsage);
        }

        Name = name;
        Key = key;
        Id = IdOf(name, key);
    }

    public string Name { get; }

    public GroupKey? Key { get; }

    /// <summary>20 bytes, as beacons and hellos carry them; without the key nobody can tell whether a name belongs to it.</summary>
    public PeerId Id { get; }

    public override string ToString() => Name;

    private static PeerId IdOf(string name, GroupKey? key)
    {
        string proof = key?.Sign("oscircular group id 1"u8) ?? "";
        return new PeerId(SHA1.HashData(Encoding.UTF8.GetBytes($"oscircular group 1\n{name}\n{proof}")));
    }

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9._-]{0,63}\z")]
    private static partial Regex NamePattern();
}
