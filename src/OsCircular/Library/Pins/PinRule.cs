using OsCircular.Indexes;
using OsCircular.Library.Filling;

namespace OsCircular.Library.Pins;

/// <summary>What a pin stands for, and whether there is room for it: pure.</summary>
public static class PinRule
{
    /// <summary>The version that a pin should keep now.</summary>
    /// <param name="pin">The pin.</param>
    /// <param name="kept">What it kept until now; null in a new pin.</param>
    /// <param name="manifest">The newest; null where none was adopted.</param>
    /// <returns>
    /// Of an image the newest on offer; of a version that one, retired or not. Where the manifest has it no more, what was kept; null where there never was one.
    /// </returns>
    public static ManifestVersion? Target(Pin pin, ManifestVersion? kept, Manifest? manifest) => manifest?.Find(pin.Reference) ?? kept;

    /// <summary>Why a pin is refused, with the numbers.</summary>
    /// <param name="target">What it would keep.</param>
    /// <param name="needs">Bytes that it needs beyond what <paramref name="others"/> hold already.</param>
    /// <param name="others">Bytes that all other pins need together, each block counted once.</param>
    /// <param name="quota">The cache's, in bytes.</param>
    /// <param name="rest">Bytes of it that index pages and damaged files take.</param>
    /// <param name="disk">Bytes that blocks may take on the cache's disk: what they take now, and what is free above the floor.</param>
    /// <returns>Null: there is room for all of it.</returns>
    public static string? Refusal(FillTarget target, long needs, long others, long quota, long rest, long disk)
    {
        long byQuota = Math.Max(0, quota - rest - others), byDisk = Math.Max(0, disk - others);
        if (needs > byQuota)
        {
            return $"{target} needs {Filler.Mebibytes(needs)} more, but of the quota of {Filler.Mebibytes(quota)} only {byQuota >> 20} MiB can be pinned "
                + $"(pinned already: {Filler.Mebibytes(others)}); unpin something, or give the agent a larger --quota";
        }

        return needs <= byDisk
            ? null
            : $"{target} needs {Filler.Mebibytes(needs)} more, but the cache's disk has room for {byDisk >> 20} MiB beside what is kept free and what is pinned already "
                + $"({Filler.Mebibytes(others)}); make room on it, or unpin something";
    }
}
