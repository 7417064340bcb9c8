using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Primitives;
using OsCircular.Agent.Output;
using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.Library.Filling;

namespace OsCircular.Agent.Control;

/// <summary>
/// <c>/fill?image=NAME[&amp;version=VERSION]</c> on the control socket: POST begins, DELETE stops, GET tells how far it is. What cannot be done is answered 409 with the
/// message for the user.
/// </summary>
internal static class FillRequests
{
    public static void MapFilling(this IEndpointRouteBuilder server, Filler filler)
    {
        Map(server, HttpMethods.Post, filler.Begin);
        Map(server, HttpMethods.Get, reference => Find(filler, reference) ?? throw new UserError($"{reference} is not being filled; begin with: oscircular fill {reference}"));
        Map(server, HttpMethods.Delete, reference => filler.Stop(reference) && Find(filler, reference) is { } stopped
            ? stopped
            : throw new UserError($"{reference} is not being filled, so there is nothing to stop"));
    }

    private static void Map(IEndpointRouteBuilder server, string method, Func<VersionReference, FillProgress> answer) =>
        server.MapMethods(ControlClient.FillPath, [method], async context =>
        {
            string text;
            try
            {
                text = Json.Write(FillReport.Of(answer(Reference(context.Request.Query))));
            }
            catch (UserError error)
            {
                context.Response.StatusCode = StatusCodes.Status409Conflict;
                text = error.Message;
            }

            await context.Response.WriteAsync(text, context.RequestAborted);
        });

    private static VersionReference Reference(IQueryCollection query) =>
        VersionReference.Parse(query.TryGetValue("version", out StringValues version) ? $"{query["image"]}@{version}" : $"{query["image"]}");

    // Of the newest, where no version is named: the last that was asked for.
    private static FillProgress? Find(Filler filler, VersionReference reference) =>
        filler.Progress.LastOrDefault(fill => fill.Image == reference.Image && (reference.Version is not { } version || fill.Version == version));
}
