using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OsCircular.Agent.Output;
using OsCircular.Agent.Serving;
using OsCircular.Cache;
using OsCircular.Library.Healing;

namespace OsCircular.Agent.Control;

/// <summary>
/// <c>POST /repair?path=...&amp;path=...</c> on the control socket: looks at these files of the cache again, sets aside what is damaged, and fetches it again at once.
/// </summary>
internal sealed class RepairRequests(BlockCache cache, Healer healer)
{
    /// <summary>Paths in one request: what a request line holds.</summary>
    public const int MostAtOnce = 64;

    public void Map(IEndpointRouteBuilder server) => server.MapPost(ControlClient.RepairPath, async context =>
    {
        ServedPath[] files = [.. Asked(context.Request.Query["path"])];
        foreach (ServedPath file in files) _ = IsGood(file);
        await healer.HealAsync(context.RequestAborted);
        int good = files.Count(IsGood);
        await context.Response.WriteAsync(Json.Write(new RepairReport(good, files.Length - good)), context.RequestAborted);
    });

    private static IEnumerable<ServedPath> Asked(IEnumerable<string?> paths)
    {
        foreach (string? path in paths.Take(MostAtOnce))
        {
            if (ServedPath.TryParse($"/{path}", out ServedPath file) && file.IsImmutable) yield return file;
        }
    }

    // Looking at a damaged one sets it aside.
    private bool IsGood(ServedPath file) =>
        file.Block is { } block ? cache.Blocks.Check(block) : file.Document is { } document && cache.Documents.TryRead(document).Succeeded;
}

/// <summary>What became of files that were to be repaired.</summary>
/// <param name="Good">They are good now.</param>
/// <param name="NotHealed">They were set aside, and no source yielded them.</param>
public sealed record RepairReport(int Good, int NotHealed);
