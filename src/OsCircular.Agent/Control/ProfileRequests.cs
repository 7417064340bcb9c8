using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.Mount.Recording;

namespace OsCircular.Agent.Control;

/// <summary>
/// <c>/profile?image=NAME[&amp;version=VERSION]</c> on the control socket: POST (with <c>&amp;quiet=SECONDS[&amp;fresh=1]</c>) begins to record,
/// DELETE ends it, GET tells how far it is; 409 as for filling.
/// </summary>
internal sealed class ProfileRequests(ProfileRecorder recorder)
{
    public void Map(IEndpointRouteBuilder server)
    {
        Answer(HttpMethods.Post, (what, query) => recorder.BeginAsync(what, QuietIn(query), query.ContainsKey("fresh")));
        Answer(HttpMethods.Get, (what, _) => Task.FromResult(recorder.Find(what) ?? throw NotRecorded(what)));
        Answer(HttpMethods.Delete, async (what, _) => await recorder.EndAsync(what) ?? throw NotRecorded(what));

        void Answer(string method, Func<VersionReference, IQueryCollection, Task<RecordingProgress>> answer)
        {
            server.MapMethods(ControlClient.ProfilePath, [method], RespondAsync);
            Task RespondAsync(HttpContext context) => context.AnswerAsync(async what => RecordingReport.Of(await answer(what.Reference, context.Request.Query)));
        }
    }

    /// <summary>What is to be added to the query of a POST.</summary>
    public static string Query(TimeSpan quiet, bool fresh) =>
        $"&quiet={quiet.TotalSeconds.ToString(CultureInfo.InvariantCulture)}{(fresh ? "&fresh=1" : "")}";

    private static TimeSpan QuietIn(IQueryCollection query) =>
        double.TryParse(query["quiet"], CultureInfo.InvariantCulture, out double seconds) && seconds is > 0 and < 86_400
            ? TimeSpan.FromSeconds(seconds)
            : throw new UserError("the time in which nothing new is read must lie between 0 and a day");

    private static UserError NotRecorded(VersionReference what) => new($"{what} is not being recorded; begin with: oscircular profile record {what}");
}
