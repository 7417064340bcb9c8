using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.Publishing;

namespace OsCircular.Agent.Guests;

/// <summary>What <c>vm run</c> was told.</summary>
internal sealed record GuestRunOptions
{
    public required string Mount { get; init; }

    /// <summary>Null: the overlay's, or the user is asked.</summary>
    public VersionReference? Version { get; init; }

    /// <summary>Where what the guest writes is kept; made where it is not there. Null: it is thrown away.</summary>
    public string? Overlay { get; init; }

    public GuestMachine Machine { get; init; } = new();
}

/// <summary>Looks up what a guest of a mounted version needs: which version, and its overlay.</summary>
/// <param name="choose">Asks the user for one of several versions; null where nobody is there to be asked.</param>
/// <param name="tell">Takes a line for the user.</param>
/// <param name="time">The clock.</param>
internal sealed class GuestRun(Func<IReadOnlyList<OfferedVersion>, CancellationToken, Task<OfferedVersion>>? choose, Action<string> tell, TimeProvider time)
{
    /// <returns>QEMU's path, and the guest.</returns>
    /// <exception cref="UserError">Something is missing, or does not fit together.</exception>
    public Task<(string Qemu, GuestSpec Guest)> PrepareAsync(GuestRunOptions options, CancellationToken cancellationToken) => options.Machine.PrepareAsync(
        async end =>
        {
            (OfferedVersion version, string? overlay) = await ChooseAsync(options, end);
            return new GuestSpec { Name = $"{version.Reference}", BasePath = version.DiskPath, Overlay = overlay };
        },
        tell,
        cancellationToken);

    /// <returns>The version, and the absolute path of its overlay, which is made where it is not there; null: none was asked for.</returns>
    /// <exception cref="UserError">Something is missing, or does not fit together.</exception>
    public async Task<(OfferedVersion Version, string? Overlay)> ChooseAsync(GuestRunOptions options, CancellationToken cancellationToken)
    {
        IReadOnlyList<OfferedVersion> all = OfferedVersion.AllOf(options.Mount);
        string? overlay = options.Overlay is { } path ? Path.GetFullPath(path) : null;
        OfferedVersion version = overlay is not null && File.Exists(overlay)
            ? BaseOf(await OverlayFile.OpenAsync(overlay, time, cancellationToken), options, all)
            : options.Version is { } wanted ? OfferedVersion.Find(all, wanted)
            : choose is not null ? await choose(all, cancellationToken)
            : throw new UserError($"say which version: {string.Join(", ", all.Select(one => one.Reference))}", UserError.WrongUsage);
        if (overlay is not null && !File.Exists(overlay))
        {
            await OverlayFile.CreateAsync(overlay, version.DiskPath, time, cancellationToken);
            tell($"made {options.Overlay}, which keeps what the guest changes on {version.Reference}");
        }

        return (version, overlay);
    }

    /// <summary>An overlay remembers its version: that is what boots, even where it is no longer the newest.</summary>
    private static OfferedVersion BaseOf(OverlayFile overlay, GuestRunOptions options, IReadOnlyList<OfferedVersion> all)
    {
        VersionReference below = overlay.Version;
        if (options.Version is { } wanted && (wanted.Image != below.Image || wanted.Version is not null && wanted != below))
            throw new UserError($"{options.Overlay}: keeps changes on {below}, and has no use on {wanted}; leave the version out, or give another file");
        OfferedVersion found = OfferedVersion.Find(all, below);
        return found.DiskPath == overlay.BasePath
            ? found
            : throw new UserError(
                $"{options.Overlay}: was made on {overlay.BasePath}; mount there, or point it at this mount: qemu-img rebase -u -f qcow2 -F raw -b {found.DiskPath} {overlay.Path}");
    }
}
