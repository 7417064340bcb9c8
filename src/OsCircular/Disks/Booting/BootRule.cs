namespace OsCircular.Disks.Booting;

/// <summary>How far to trust a profile: pure.</summary>
internal static class BootRule
{
    /// <summary>So many first touches are looked at together.</summary>
    public const int Window = 32;

    /// <summary>Where fewer than this part of them is in the profile, the guest is doing something else.</summary>
    private const int Share = 4;

    private const int BytesInFlight = 4 * 1024 * 1024;
    private const int MostInFlight = 16;

    /// <summary>Whether the guest goes elsewhere: then what the profile names would only be in its way.</summary>
    /// <param name="touches">Blocks that it first touched, the last ones; fewer than <see cref="Window"/> tell nothing.</param>
    /// <param name="profile">All that the profile names.</param>
    public static bool GoesElsewhere(ReadOnlySpan<long> touches, IReadOnlySet<long> profile)
    {
        if (touches.Length < Window) return false;
        int known = 0;
        foreach (long block in touches[^Window..])
            if (profile.Contains(block)) known++;
        return known < Window / Share;
    }

    /// <summary>
    /// Blocks that are asked for at one time: enough for a fast line with a long way, few enough that little is in vain where the guest stops. How many of them are
    /// on a slow line while a reader waits, the priorities decide.
    /// </summary>
    public static int InFlight(int blockSize) => Math.Clamp(BytesInFlight / blockSize, 2, MostInFlight);
}
