using OsCircular.TestKit.Mirrors;

namespace OsCircular.SystemTests.Faults.Campaign;

/// <summary>A mirror that fails as the plan says, in its blocks and index pages. With a share of 0 it is a good one.</summary>
internal static class FaultyMirror
{
    public static ScriptedHttpServer Start(string name, string repository, FaultPlan plan, double share, TimeSpan delay) => new(async request =>
    {
        string path = request.Path;
        string file = Path.Combine(repository, path);
        if (!File.Exists(file))
        {
            await request.RespondAsync(404);
            return;
        }

        byte[] body = await File.ReadAllBytesAsync(file, request.Stopping);
        if (delay > TimeSpan.Zero) await Task.Delay(delay, request.Stopping);
        bool mayFail = path.StartsWith("blocks/", StringComparison.Ordinal) || path.StartsWith("indexes/", StringComparison.Ordinal);
        FaultKind? fault = mayFail && share > 0 ? plan.Answer(name, path, share, FaultKind.MirrorWrongBytes) : null;
        await AnswerAsync(request, body, fault);
    });

    private static async Task AnswerAsync(ScriptedRequest request, byte[] body, FaultKind? fault)
    {
        switch (fault)
        {
            case FaultKind.MirrorWrongBytes:
                body[body.Length / 3] ^= 0x20;
                await request.RespondAsync(200, body);
                break;
            case FaultKind.MirrorMissing:
                await request.RespondAsync(404);
                break;
            case FaultKind.MirrorServerError:
                await request.RespondAsync(502);
                break;
            case FaultKind.MirrorStall:
                await request.StallAsync(body, body.Length / 2);
                break;
            case FaultKind.MirrorReset:
                request.Reset();
                break;
            case FaultKind.MirrorShortBody:
                await request.HeadThenAsync("HTTP/1.1 200 OK", [$"Content-Length: {body.Length}"], body.AsMemory(0, body.Length / 2));
                request.Close();
                break;
            default:
                await request.RespondAsync(200, body);
                break;
        }
    }
}
