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

    /// <summary>How long an upload of this class may wait for the common rate: where filling has used up its share of the queue, a reader still finds room in it.</summary>
    /// <param name="fetchClass">For whom the asker wants it.</param>
    /// <param name="most">A reader's.</param>
    public static TimeSpan MostWait(FetchClass fetchClass, TimeSpan most) => fetchClass switch
    {
        FetchClass.Fill => most / 2,
        FetchClass.Profile => most * 3 / 4,
        _ => most,
    };
}
