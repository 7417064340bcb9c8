namespace OsCircular.SystemTests.Faults;

/// <summary>
/// What a power loss may leave of files that were written but not synced: nothing, a part, or zeros of the full length (ext4 and xfs with
/// delayed allocation), or the file whole. The kernels these tests run on have no device mapper to lose writes with.
/// </summary>
internal static class Tearing
{
    /// <summary>Damages about half of <paramref name="files"/>, and returns which.</summary>
    public static string[] TearSome(IEnumerable<string> files, Random random)
    {
        string[] torn = [.. files.Where(_ => random.Next(2) == 0)];
        foreach (string file in torn)
        {
            long length = new FileInfo(file).Length;
            using FileStream open = File.OpenWrite(file);
            switch (random.Next(3))
            {
                case 0:
                    open.SetLength(0);
                    break;
                case 1:
                    open.SetLength(length / 2);
                    break;
                default:
                    open.Write(new byte[length]);
                    break;
            }
        }

        return torn;
    }
}
