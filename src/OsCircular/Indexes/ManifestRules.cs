namespace OsCircular.Indexes;

/// <summary>What a manifest must keep to, beyond what its types can say.</summary>
internal static class ManifestRules
{
    /// <returns>The first rule broken, naming the image and the version, or null.</returns>
    public static string? FaultOf(Manifest manifest)
    {
        if (manifest.Sequence is < 1 or > HeadComment.MaxSequence) return "the sequence is out of range";
        if (manifest.Images.Count > Manifest.MaxImages) return $"more than {Manifest.MaxImages} images";
        for (int i = 0; i < manifest.Images.Count; i++)
        {
            ManifestImage image = manifest.Images[i];
            if (i > 0 && manifest.Images[i - 1].Name.CompareTo(image.Name) >= 0) return $"image {image.Name} stands twice";
            if (FaultOf(image) is { } fault) return fault;
        }

        return null;
    }

    private static string? FaultOf(ManifestImage image)
    {
        if (image.Name == default) return "an image has no name";
        if (image.Versions.Count + image.Gone.Count > Manifest.MaxVersions) return $"image {image.Name} has more than {Manifest.MaxVersions} versions";
        HashSet<VersionName> used = [];
        foreach (VersionName gone in image.Gone)
        {
            if (gone == default || !used.Add(gone)) return $"version {image.Name}@{gone} is gone twice";
        }

        foreach (ManifestVersion version in image.Versions)
        {
            if (version.Name == default || !used.Add(version.Name)) return $"version {image.Name}@{version.Name} stands twice";
            if (FaultOf(version) is { } fault) return $"version {image.Name}@{version.Name} {fault}";
        }

        return null;
    }

    private static string? FaultOf(ManifestVersion version)
    {
        if (version.Geometry == default) return "has no size";
        if (version.StoredBytes < 0 || version.StoredBytes > version.Geometry.DiskSize) return "stores more bytes than its disk has";
        if (version.StoredBytes == 0 != version.Index is null) return "must store bytes exactly where it has an index";
        return IsWholeSecond(version.Published) && (version.Retired is not { } retired || IsWholeSecond(retired)) ? null : "has a time that is not in whole seconds of UTC";
    }

    private static bool IsWholeSecond(DateTimeOffset time) => time.Offset == TimeSpan.Zero && time.Ticks % TimeSpan.TicksPerSecond == 0;
}
