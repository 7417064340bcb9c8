using OsCircular.Blocks;
using OsCircular.Indexes.Signing;

namespace OsCircular.Publishing.Mirroring;

/// <summary>What is copied where.</summary>
public sealed record CopyOptions
{
    public const int MaxParallel = 256;

    /// <summary>The copy's folder: a repository's, or one that is empty or missing.</summary>
    public required string Folder { get; init; }

    /// <summary>The publisher's key.</summary>
    public required MinisignPublicKey Key { get; init; }

    /// <summary>Removes what the new head needs no more, after it is in place.</summary>
    public bool Delete { get; init; }

    /// <summary>Block files fetched at one time, each in a buffer of its own. 1 to <see cref="MaxParallel"/>; default 16.</summary>
    public int Parallel { get; init; } = 16;

    /// <exception cref="UserError">A value is out of its range.</exception>
    public void Check()
    {
        if (Parallel is < 1 or > MaxParallel) throw new UserError($"--parallel {Parallel}: give 1 to {MaxParallel}.", UserError.WrongUsage);
    }
}
