using Microsoft.Extensions.Logging;
using OsCircular.Diagnostics;
using OsCircular.Indexes;

namespace OsCircular.Library;

internal static partial class LibraryLog
{
    [LoggerMessage(EventIds.Library + 0, LogLevel.Information, "adopted head {Sequence} of repository {Repository}, manifest {Manifest}")]
    public static partial void HeadAdopted(this ILogger logger, long sequence, RepositoryId repository, string manifest);

    [LoggerMessage(EventId = EventIds.Library + 1, Message = "mirror {Mirror}: {Problem}")]
    public static partial void MirrorProblem(this ILogger logger, LogLevel level, string mirror, string problem);

    [LoggerMessage(EventIds.Library + 2, LogLevel.Warning, "the head kept in this cache is not used: it {Problem}")]
    public static partial void OwnHeadUnusable(this ILogger logger, string problem);

    [LoggerMessage(EventIds.Library + 3, LogLevel.Warning, "the adopted head {Sequence} could not be saved and will be forgotten at the next start: {Problem}")]
    public static partial void HeadNotSaved(this ILogger logger, long sequence, string problem);
}
