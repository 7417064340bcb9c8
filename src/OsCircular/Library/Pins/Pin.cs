using OsCircular.Indexes;

namespace OsCircular.Library.Pins;

/// <summary>A promise that an image's newest version, one version, or only what its profile names, stays in the cache.</summary>
/// <param name="Reference">Without a version: the newest, whichever that is.</param>
/// <param name="ProfileOnly">Only what the profile names.</param>
public readonly record struct Pin(VersionReference Reference, bool ProfileOnly)
{
    /// <summary>As a user writes it on a command line.</summary>
    public string Arguments => $"{(Reference.Version is null ? Reference.Image : Reference)}{(ProfileOnly ? " --profile" : "")}";

    public override string ToString() => $"{(Reference.Version is null ? Reference.Image : Reference)}{(ProfileOnly ? " (profile)" : "")}";
}

/// <summary>A pin and the version that it stands for.</summary>
/// <param name="Pin">As the user asked for it.</param>
/// <param name="Kept">As its manifest had it, for later ones may have it no more; null where there was none yet.</param>
public sealed record PinEntry(Pin Pin, ManifestVersion? Kept);
