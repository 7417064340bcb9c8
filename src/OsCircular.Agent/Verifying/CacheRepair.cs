using Microsoft.Extensions.Logging;
using OsCircular.Agent.Control;
using OsCircular.Blocks;
using OsCircular.Cache;
using OsCircular.Indexes.Signing;
using OsCircular.Publishing;
using OsCircular.Sources;

namespace OsCircular.Agent.Verifying;

/// <summary>
/// Sets aside what is damaged in a cache, and fetches it again where somebody yields it: by the agent that runs on the cache, or else under its lock. What nobody
/// yields now is fetched when it is read.
/// </summary>
internal sealed class CacheRepair(string cache, MinisignPublicKey? key, RepairSource source, TimeProvider time, ILoggerFactory logs)
{
    private const int MaxRounds = 8;

    // The agent gives up each file long before.
    private static readonly TimeSpan AgentLimit = TimeSpan.FromMinutes(10);

    public async Task<RepairResult> RunAsync(IProgress<VerifyProgress>? progress, CancellationToken cancellationToken)
    {
        RepositoryVerifier verifier = new(time);
        bool hasAgent = await ControlClient.StatusAsync(cache, cancellationToken) is not null;
        if (hasAgent && source.IsSet)
            throw new UserError($"an agent runs on {cache} and repairs from its own mirrors and peers; leave out --from, or stop the agent", UserError.WrongUsage);
        VerifySurvey found = await verifier.SurveyAsync(cache, key, progress, cancellationToken), left = found;
        long repaired = 0, removed = 0;

        // A page that is mended leads to blocks that were not known before.
        for (int round = 0; round < MaxRounds && left.Blocks.Count + left.Documents.Count + left.Unneeded.Count > 0; round++)
        {
            (long mended, long gone) = hasAgent ? await AskAgentAsync(left, cancellationToken) : await MendAsync(left, cancellationToken);
            (repaired, removed) = (repaired + mended, removed + gone);
            long before = left.Result.DamageCount;
            left = await verifier.SurveyAsync(cache, key, progress, cancellationToken);

            // A cache that takes no writes stays as it is, however often it is tried.
            if (mended == 0 && left.Result.DamageCount >= before) break;
        }

        return new RepairResult(found.Result, repaired, removed, left.Result);
    }

    private async Task<(long Mended, long Removed)> AskAgentAsync(VerifySurvey survey, CancellationToken cancellationToken)
    {
        IEnumerable<string> paths = survey.Documents.Select(name => name.Path)
            .Concat(survey.Blocks.Select(block => RepositoryPaths.Block(block.Row.Name)))
            .Concat(survey.Unneeded.Select(RepositoryPaths.Block));
        (long mended, long gone) = (0, 0);
        foreach (string[] some in paths.Chunk(RepairRequests.MostAtOnce))
        {
            RepairReport report = await ControlClient.RepairAsync(cache, some, AgentLimit, cancellationToken)
                ?? throw new UserError($"the agent on {cache} ended meanwhile; try again");
            (mended, gone) = (mended + report.Good, gone + report.NotHealed);
        }

        return (mended, gone);
    }

    private async Task<(long Mended, long Removed)> MendAsync(VerifySurvey survey, CancellationToken cancellationToken)
    {
        await using BlockCache held = BlockCache.Open(cache, new CacheOptions { Quota = long.MaxValue / 2, FreeSpaceFloor = 0 }, isPinned: _ => true, time, logs.CreateLogger<BlockCache>());
        await held.Loaded.WaitAsync(cancellationToken);
        foreach (BlockName name in survey.Blocks.Select(block => block.Row.Name).Concat(survey.Unneeded)) held.Blocks.Check(name);
        GoodFiles good = source.For(survey, cancellationToken);
        CachedDocumentSource documents = new(held.Documents, good.Documents);
        CachedBlockSource blocks = new(held.Blocks, new KeepingSource(held.Blocks, good.Blocks, SourceKind.Mirror));
        long mended = 0;
        foreach (DocumentName name in survey.Documents)
        {
            FetchedDocument fetched = await documents.FetchAsync(name, Deadline.In(RepositoryRepairer.FileLimit, time), cancellationToken);
            if (fetched.Succeeded) mended++;
        }

        foreach (DamagedBlock block in survey.Blocks)
        {
            BlockRequest request = new(block.Row.Name, block.Row.StoredLength, FetchClass.Fill, Deadline.In(RepositoryRepairer.FileLimit, time));
            Fetched fetched = await blocks.FetchAsync(request, new byte[block.Row.StoredLength], cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
            if (fetched.Succeeded) mended++;
        }

        return (mended, survey.Blocks.Count + survey.Documents.Count + survey.Unneeded.Count - mended);
    }
}
