using System.Globalization;
using System.Numerics;
using OsCircular.Blocks;

namespace OsCircular.Indexes;

/// <summary>A named disk and its versions.</summary>
/// <param name="Name">Unique in the manifest.</param>
/// <param name="Versions">Oldest first; may be empty where all are gone.</param>
/// <param name="Gone">Names once used, in order of their going; never used again.</param>
public sealed record ManifestImage(ImageName Name, IReadOnlyList<ManifestVersion> Versions, IReadOnlyList<VersionName> Gone)
{
    /// <summary>The newest version that is not retired, or null.</summary>
    public ManifestVersion? Latest => Versions.LastOrDefault(version => version.Retired is null);

    public ManifestVersion? Find(VersionName name) => Versions.FirstOrDefault(version => version.Name == name);

    /// <summary>Whether a version of this name was ever published.</summary>
    public bool HasUsed(VersionName name) => Find(name) is not null || Gone.Contains(name);

    /// <summary>What the next version is called where nobody chose: the number after the highest ever used, or 1. Names that are not all digits do not count.</summary>
    /// <exception cref="UserError">The highest is a number of 64 nines.</exception>
    public VersionName NextVersion()
    {
        BigInteger highest = Versions.Select(version => version.Name).Concat(Gone).Select(name => name.ToString())
            .Where(name => name.All(char.IsAsciiDigit))
            .Select(name => BigInteger.Parse(name, CultureInfo.InvariantCulture))
            .Append(BigInteger.Zero)
            .Max();
        return VersionName.Parse((highest + 1).ToString(CultureInfo.InvariantCulture));
    }
}
