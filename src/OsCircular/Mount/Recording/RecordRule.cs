namespace OsCircular.Mount.Recording;

/// <summary>When a recording has ended: pure.</summary>
internal static class RecordRule
{
    /// <summary>How long a guest is waited for that does not begin.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromHours(1);

    /// <param name="touches">Blocks touched so far.</param>
    /// <param name="most">No more are taken.</param>
    /// <param name="quiet">How long none came.</param>
    /// <param name="enough">For how long none must come for the boot to be over.</param>
    public static bool HasEnded(int touches, int most, TimeSpan quiet, TimeSpan enough) =>
        touches == 0 ? quiet >= LongestWait : touches >= most || quiet >= enough;
}
