using OsCircular.Blocks;
using OsCircular.Library;

namespace OsCircular.Agent.Commands;

/// <summary>What a cache has bound itself to, for commands that were given no key.</summary>
internal static class CacheTrust
{
    /// <exception cref="UserError">The cache has adopted no head, or its record is damaged.</exception>
    public static Trust Of(string cache)
    {
        string path = Path.Combine(cache, "agent", Trust.FileName);
        if (!File.Exists(path)) throw new UserError($"{cache} has adopted no head yet, so its publisher is not known: mount it once with a mirror, or import into it with --public-key");
        return Trust.TryParse(File.ReadAllBytes(path), out Trust? trust, out string? fault) ? trust : throw new UserError($"{path}: {fault}; give --public-key");
    }
}
