using OsCircular.Indexes;

namespace OsCircular.Library.Filling;

/// <summary>What is to be held: all of a version, or only what its profile names.</summary>
public sealed record FillTarget(ImageName Image, ManifestVersion Version, bool ProfileOnly)
{
    /// <summary>Whether both mean the same blocks.</summary>
    public bool IsSameAs(FillTarget other) => Image == other.Image && Version.Name == other.Version.Name && ProfileOnly == other.ProfileOnly;

    public override string ToString() => $"{Image}@{Version.Name}{(ProfileOnly ? " (profile)" : "")}";
}
