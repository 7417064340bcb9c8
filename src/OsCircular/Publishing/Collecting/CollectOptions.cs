using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.Indexes.Signing;

namespace OsCircular.Publishing.Collecting;

/// <summary>What to retire in a repository, and what to sweep.</summary>
public sealed record CollectOptions
{
    public static readonly TimeSpan DefaultGrace = TimeSpan.FromDays(30);

    /// <summary>The repository's folder.</summary>
    public required string RepositoryPath { get; init; }

    /// <summary>The repository's secret key: a retired version is signed.</summary>
    public required MinisignSecretKey Key { get; init; }

    /// <summary>How many versions of an image stay, the newest. At least 1.</summary>
    public required int Keep { get; init; }

    /// <summary>The image whose versions are retired; null: every image's.</summary>
    public ImageName? Image { get; init; }

    /// <summary>How long the files of a retired version stay, and superseded manifests too. 0 to 100 years.</summary>
    public TimeSpan Grace { get; init; } = DefaultGrace;

    /// <summary>How long the new head may be adopted; null: as long as the old one.</summary>
    public TimeSpan? ExpiresAfter { get; init; }

    /// <summary>Changes nothing, and says what would be done.</summary>
    public bool DryRun { get; init; }

    /// <exception cref="UserError">A value is out of its range.</exception>
    public void Check()
    {
        if (Keep < 1) throw new UserError($"--keep {Keep}: at least one version of an image stays; give 1 or more.", UserError.WrongUsage);
        if (Grace < TimeSpan.Zero || Grace > Expiry.Longest) throw new UserError($"--grace: give a time from 0 to {Expiry.Longest.TotalDays:0} days.", UserError.WrongUsage);
        if (ExpiresAfter is { } span && (span <= TimeSpan.Zero || span > Expiry.Longest))
            throw new UserError($"--expires: give a time above zero and up to {Expiry.Longest.TotalDays:0} days.", UserError.WrongUsage);
    }
}
