using System.Text;
using OsCircular.Blocks;

namespace OsCircular.Indexes.Signing;

/// <summary>Key files: read with a bound, written once and never over another.</summary>
internal static class SmallFile
{
    /// <exception cref="IOException">It cannot be read, or is longer than <paramref name="maxLength"/> bytes.</exception>
    public static string ReadText(string path, int maxLength)
    {
        using FileStream file = File.OpenRead(path);
        byte[] bytes = new byte[maxLength + 1];
        int length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return length <= maxLength ? Encoding.UTF8.GetString(bytes, 0, length) : throw new IOException($"it is longer than {maxLength} bytes");
    }

    /// <summary>Writes beside the target first, then gives it its name, so that nobody sees half a file and none is overwritten.</summary>
    /// <exception cref="UserError">The file exists or cannot be written.</exception>
    public static void Create(string path, string text, UnixFileMode mode)
    {
        string temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = mode };
            using (FileStream file = new(temporary, options))
            {
                file.Write(Encoding.UTF8.GetBytes(text));
                file.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (File.Exists(temporary)) File.Delete(temporary);
            throw new UserError(
                Path.Exists(path) ? $"Key file {path} exists already, and no key is ever overwritten; choose another name." : $"Key file {path} cannot be written: {e.Message}",
                e);
        }
    }
}
