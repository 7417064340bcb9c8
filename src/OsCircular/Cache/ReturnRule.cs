namespace OsCircular.Cache;

/// <summary>
/// Whether what lies at the cache's path, after it was gone, is the cache again. A path may lead to something else meanwhile: where a disk is not
/// mounted, its mount point is a folder of the disk below, which nobody told us to fill.
/// </summary>
internal static class ReturnRule
{
    /// <param name="before">The cache's folder as it was.</param>
    /// <param name="folder">What is at its path now; null for nothing.</param>
    /// <param name="parent">The folder above it; null for nothing.</param>
    /// <param name="wasCache">Whether that folder holds what only an agent leaves in it.</param>
    /// <returns>Yes for a cache, on whichever device it came back, and for a folder that was emptied or removed on a disk that stayed.</returns>
    public static bool MayReturn(in FileIdentity before, FileIdentity? folder, FileIdentity? parent, bool wasCache)
    {
        if (folder is { } there) return wasCache || IsOnSameDevice(before, there);
        return parent is { } above && IsOnSameDevice(before, above);
    }

    private static bool IsOnSameDevice(in FileIdentity one, in FileIdentity other) => one.DeviceMajor == other.DeviceMajor && one.DeviceMinor == other.DeviceMinor;
}
