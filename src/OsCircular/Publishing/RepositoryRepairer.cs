using OsCircular.Blocks;
using OsCircular.Indexes.Signing;
using OsCircular.Sources;

namespace OsCircular.Publishing;

/// <summary>Where good files come from.</summary>
/// <param name="Blocks">Block files.</param>
/// <param name="Documents">Manifests, index pages and profiles.</param>
public sealed record GoodFiles(IBlockSource Blocks, IDocumentSource Documents);

/// <summary>
/// Puts back what is damaged or missing in a repository, file by file, each verified before it takes its place. Its head is never touched: that is signed, and
/// newer than any copy. Damaged block files that no version needs are removed; files that are not ours are left.
/// </summary>
/// <param name="source">Given what one round found; where good files come from.</param>
/// <param name="time">Of every wait.</param>
public sealed class RepositoryRepairer(Func<VerifySurvey, Task<GoodFiles>> source, TimeProvider time)
{
    /// <summary>For one file, which nobody waits for.</summary>
    public static readonly TimeSpan FileLimit = TimeSpan.FromMinutes(5);

    /// <summary>Levels of the tallest index, and a round for its blocks: each mended page may show what it leads to.</summary>
    private const int MaxRounds = 8;

    /// <param name="repository">Its folder; locked against other writers meanwhile.</param>
    /// <param name="key">As for <see cref="RepositoryVerifier"/>.</param>
    /// <param name="progress">Of each look at it.</param>
    /// <param name="cancellationToken">Ends the work within a file's time.</param>
    /// <exception cref="UserError">No repository, in use by another writer, or its disk takes nothing.</exception>
    public async Task<RepairResult> RepairAsync(string repository, MinisignPublicKey? key, IProgress<VerifyProgress>? progress, CancellationToken cancellationToken)
    {
        using RepositoryWriter writer = RepositoryWriter.Open(repository, create: false);
        RepositoryVerifier verifier = new(time);
        VerifySurvey found = await verifier.SurveyAsync(repository, key, progress, cancellationToken).ConfigureAwait(false);
        VerifySurvey left = found;
        long repaired = 0, removed = 0;
        for (int round = 0; round < MaxRounds && !left.Result.IsGood; round++)
        {
            (long mended, long gone) = await RoundAsync(writer, left, cancellationToken).ConfigureAwait(false);
            (repaired, removed) = (repaired + mended, removed + gone);
            if (mended + gone == 0) break;
            left = await verifier.SurveyAsync(repository, key, progress, cancellationToken).ConfigureAwait(false);
        }

        return new RepairResult(found.Result, repaired, removed, left.Result);
    }

    private async Task<(long Mended, long Removed)> RoundAsync(RepositoryWriter writer, VerifySurvey survey, CancellationToken cancellationToken)
    {
        GoodFiles good = await source(survey).ConfigureAwait(false);
        long mended = 0;
        try
        {
            foreach (DocumentName name in survey.Documents)
            {
                FetchedDocument fetched = await good.Documents.FetchAsync(name, Deadline.In(FileLimit, time), cancellationToken).ConfigureAwait(false);
                cancellationToken.ThrowIfCancellationRequested();
                if (!fetched.Succeeded) continue;
                writer.StoreDocument(name, fetched.Bytes.Span);
                mended++;
            }

            foreach (DamagedBlock block in survey.Blocks) mended += await MendAsync(writer, good, block.Row, cancellationToken).ConfigureAwait(false) ? 1 : 0;
            foreach (BlockName name in survey.Unneeded) writer.RemoveBlock(name);
            writer.Sync();
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new UserError($"{writer.Root}: not repaired ({cause.Message.TrimEnd('.')}); mend that and try again: what is repaired stays.", cause);
        }

        return (mended, survey.Unneeded.Count);
    }

    private async Task<bool> MendAsync(RepositoryWriter writer, GoodFiles good, BlockRow row, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[row.StoredLength];
        BlockRequest request = new(row.Name, row.StoredLength, FetchClass.Fill, Deadline.In(FileLimit, time));
        Fetched fetched = await good.Blocks.FetchAsync(request, buffer, cancellationToken).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        if (fetched.Succeeded) writer.StoreBlock(row.Name, fetched.Block.Bytes.Span);
        return fetched.Succeeded;
    }
}

/// <summary>What a repair did.</summary>
/// <param name="Found">Before it.</param>
/// <param name="Repaired">Files put back.</param>
/// <param name="Removed">Damaged files taken away without another in their place: set aside in a cache, of no use in a repository.</param>
/// <param name="Left">After it.</param>
public sealed record RepairResult(VerifyResult Found, long Repaired, long Removed, VerifyResult Left);
