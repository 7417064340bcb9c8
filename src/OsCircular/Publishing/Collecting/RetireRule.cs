using OsCircular.Indexes;

namespace OsCircular.Publishing.Collecting;

/// <summary>Which versions are retired, and which retired ones leave the manifest: a pure function.</summary>
internal static class RetireRule
{
    /// <param name="Images">What the new manifest holds.</param>
    /// <param name="Retired">Versions retired by it.</param>
    /// <param name="Gone">Versions that it holds no more.</param>
    public sealed record Outcome(IReadOnlyList<ManifestImage> Images, IReadOnlyList<VersionReference> Retired, IReadOnlyList<VersionReference> Gone)
    {
        public bool ChangesNothing => Retired.Count + Gone.Count == 0;
    }

    /// <param name="images">Of the manifest as it is.</param>
    /// <param name="only">The image whose versions are retired; null: each image's. What is retired already goes whatever its image.</param>
    /// <param name="keep">How many of an image's offered versions stay, the newest; at least 1.</param>
    /// <param name="grace">How long a retired version stays in the manifest.</param>
    /// <param name="now">To the second.</param>
    public static Outcome Apply(IReadOnlyList<ManifestImage> images, ImageName? only, int keep, TimeSpan grace, DateTimeOffset now)
    {
        List<VersionReference> retired = [], gone = [];
        ManifestImage[] after = [.. images.Select(image =>
        {
            int tooMany = only is null || only == image.Name ? Math.Max(0, image.Versions.Count(version => version.Retired is null) - keep) : 0;
            List<ManifestVersion> left = [];
            List<VersionName> names = [.. image.Gone];
            foreach (ManifestVersion version in image.Versions)
            {
                ManifestVersion then = version;
                if (version.Retired is null && tooMany-- > 0)
                {
                    then = version with { Retired = now };
                    retired.Add(new VersionReference(image.Name, version.Name));
                }

                if (then.Retired is { } since && since + grace <= now)
                {
                    gone.Add(new VersionReference(image.Name, version.Name));
                    names.Add(version.Name);
                }
                else
                {
                    left.Add(then);
                }
            }

            return image with { Versions = left, Gone = names };
        })];
        return new Outcome(after, retired, gone);
    }
}
