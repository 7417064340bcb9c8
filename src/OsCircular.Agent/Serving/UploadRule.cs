using OsCircular.Sources;

namespace OsCircular.Agent.Serving;

/// <summary>Who may have one of the places for uploads: what a guest waits for finds one where filling finds none any more.</summary>
internal static class UploadRule
{
    /// <summary>Whether an upload of this class may start.</summary>
    /// <param name="fetchClass">For whom the asker wants it.</param>
    /// <param name="running">Uploads that run, of all classes.</param>
    /// <param name="places">At most so many run.</param>
    public static bool MayStart(FetchClass fetchClass, int running, int places) => fetchClass switch
    {
        FetchClass.Fill => 2L * running < places,
        FetchClass.Profile => 4L * running < 3L * places,
        _ => running < places,
    };
}
