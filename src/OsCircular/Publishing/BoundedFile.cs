using Microsoft.Win32.SafeHandles;
using OsCircular.Blocks;

namespace OsCircular.Publishing;

/// <summary>Small files of a repository, read whole with a bound.</summary>
internal static class BoundedFile
{
    /// <exception cref="UserError">Missing, unreadable, or longer than <paramref name="maxLength"/> bytes.</exception>
    public static byte[] Read(string path, int maxLength)
    {
        try
        {
            return TryRead(path, maxLength) ?? throw new UserError($"{path}: longer than {maxLength} bytes, so it is damaged; put it back from a mirror and run verify.");
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new UserError($"{path}: cannot be read ({cause.Message}); put it back from a mirror or mend its permissions, then run verify.", cause);
        }
    }

    /// <returns>Null where it is longer than <paramref name="maxLength"/> bytes.</returns>
    public static byte[]? TryRead(string path, int maxLength)
    {
        using SafeFileHandle file = File.OpenHandle(path);
        long length = RandomAccess.GetLength(file);
        if (length > maxLength) return null;
        byte[] bytes = new byte[length];
        int done = 0;
        for (int read = 1; done < bytes.Length && read > 0; done += read) read = RandomAccess.Read(file, bytes.AsSpan(done), done);
        return done == bytes.Length ? bytes : bytes[..done];
    }
}
