using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Primitives;
using OsCircular.Agent.Output;
using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.Library.Pins;

namespace OsCircular.Agent.Control;

/// <summary><c>/pin?image=NAME[&amp;version=VERSION][&amp;profile=1]</c> on the control socket: POST pins, DELETE unpins, GET tells where it stands; 409 as for filling.</summary>
internal static class PinRequests
{
    public static void MapPins(this IEndpointRouteBuilder server, PinKeeper pins)
    {
        Map(HttpMethods.Post, pins.PinAsync);
        Map(HttpMethods.Delete, pins.UnpinAsync);
        Map(HttpMethods.Get, (pin, _) => Task.FromResult(pins.Find(pin)));

        void Map(string method, Func<Pin, CancellationToken, Task<PinStatus>> answer)
        {
            server.MapMethods(ControlClient.PinPath, [method], RespondAsync);
            Task RespondAsync(HttpContext context) => context.AnswerAsync(async pin => PinReport.Of(await answer(pin, context.RequestAborted)));
        }
    }

    /// <summary>Answers what is asked of a version, or of what its profile names.</summary>
    public static async Task AnswerAsync<T>(this HttpContext context, Func<Pin, Task<T>> answer)
    {
        string text;
        try
        {
            text = Json.Write(await answer(Asked(context.Request.Query)));
        }
        catch (UserError error)
        {
            context.Response.StatusCode = StatusCodes.Status409Conflict;
            text = error.Message;
        }

        await context.Response.WriteAsync(text, context.RequestAborted);
    }

    /// <summary>The query that says which is meant.</summary>
    public static string Query(Pin pin) =>
        $"?image={pin.Reference.Image}{(pin.Reference.Version is { } version ? $"&version={version}" : "")}{(pin.ProfileOnly ? "&profile=1" : "")}";

    private static Pin Asked(IQueryCollection query) => new(
        VersionReference.Parse(query.TryGetValue("version", out StringValues version) ? $"{query["image"]}@{version}" : $"{query["image"]}"), query.ContainsKey("profile"));
}
