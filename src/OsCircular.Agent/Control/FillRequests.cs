using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.Library.Filling;
using OsCircular.Library.Pins;

namespace OsCircular.Agent.Control;

/// <summary>
/// <c>/fill?image=NAME[&amp;version=VERSION][&amp;profile=1]</c> on the control socket: POST begins, DELETE stops, GET tells how far it is. What cannot be done is
/// answered 409 with the message for the user.
/// </summary>
internal static class FillRequests
{
    public static void MapFilling(this IEndpointRouteBuilder server, Filler filler, PinKeeper pins)
    {
        Map(HttpMethods.Post, filler.Begin);
        Map(HttpMethods.Get, (reference, profileOnly) =>
            Find(filler, reference, profileOnly) ?? throw new UserError($"{reference} is not being filled; begin with: oscircular fill {reference}"));
        Map(HttpMethods.Delete, (reference, profileOnly) =>
        {
            if (pins.PinOf(reference, profileOnly) is { } pin) throw new UserError($"{reference} is filled because {pin} is pinned; to end that, unpin it: oscircular unpin {pin.Arguments}");
            return filler.Stop(reference, profileOnly) && Find(filler, reference, profileOnly) is { } stopped
                ? stopped
                : throw new UserError($"{reference} is not being filled, so there is nothing to stop");
        });

        void Map(string method, Func<VersionReference, bool, FillProgress> answer)
        {
            server.MapMethods(ControlClient.FillPath, [method], RespondAsync);
            Task RespondAsync(HttpContext context) => context.AnswerAsync(what => Task.FromResult(FillReport.Of(answer(what.Reference, what.ProfileOnly))));
        }
    }

    // Of the newest, where no version is named: the last that was asked for.
    private static FillProgress? Find(Filler filler, VersionReference reference, bool profileOnly) => filler.Progress.LastOrDefault(
        fill => fill.Image == reference.Image && fill.ProfileOnly == profileOnly && (reference.Version is not { } version || fill.Version == version));
}
