using System.Globalization;
using System.Text;

namespace OsCircular.Fuse;

/// <summary>One line of /proc/self/mountinfo (proc(5)).</summary>
/// <param name="Device">MAJOR:MINOR, as st_dev of the files there.</param>
public sealed record MountTableEntry(int Id, int ParentId, string Device, string MountPoint, string FileSystemType, string Source);

/// <summary>The kernel's list of mounts: reading it asks no file system anything, so a dead or hanging one does no harm.</summary>
public static class MountTable
{
    private const string Path = "/proc/self/mountinfo";

    /// <summary>Mounts on exactly this path, the lowest first; the last is the one that a user of the path reaches.</summary>
    /// <param name="mountPoint">Absolute, without symbolic links: see <see cref="MountPath.Canonical"/>.</param>
    public static IReadOnlyList<MountTableEntry> At(string mountPoint)
    {
        using var file = new StreamReader(Path, Encoding.Latin1);
        return Parse(file.ReadToEnd(), mountPoint);
    }

    /// <param name="text">Read as Latin-1, so that each char is one byte of a path.</param>
    internal static List<MountTableEntry> Parse(string text, string mountPoint)
    {
        var found = new List<MountTableEntry>();
        foreach (ReadOnlySpan<char> line in text.AsSpan().EnumerateLines())
        {
            if (TryParseLine(line.ToString(), out MountTableEntry? entry) && entry!.MountPoint == mountPoint) found.Add(entry);
        }

        return Stacked(found);
    }

    /// <summary>36 35 98:0 /root /mount/point options optional... - type source superoptions.</summary>
    private static bool TryParseLine(string line, out MountTableEntry? entry)
    {
        entry = null;
        string[] fields = line.Split(' ');
        int separator = Array.IndexOf(fields, "-", Math.Min(6, fields.Length));
        if (separator < 0 || separator + 2 >= fields.Length) return false;
        if (!int.TryParse(fields[0], NumberStyles.None, CultureInfo.InvariantCulture, out int id)) return false;
        if (!int.TryParse(fields[1], NumberStyles.None, CultureInfo.InvariantCulture, out int parent)) return false;
        entry = new MountTableEntry(id, parent, fields[2], Unescape(fields[4]), Unescape(fields[separator + 1]), Unescape(fields[separator + 2]));
        return true;
    }

    /// <summary>The list is not in stacking order after a move or a clone of a namespace: each mount's parent is the one it covers.</summary>
    private static List<MountTableEntry> Stacked(List<MountTableEntry> entries)
    {
        var ordered = new List<MountTableEntry>(entries.Count);
        MountTableEntry? next = entries.Find(entry => entries.TrueForAll(other => other.Id != entry.ParentId));
        while (next != null && ordered.Count < entries.Count)
        {
            ordered.Add(next);
            next = entries.Find(entry => entry.ParentId == next.Id);
        }

        return ordered;
    }

    /// <summary>Space, tab, newline and backslash are written as a backslash and three octal digits; the bytes are UTF-8.</summary>
    internal static string Unescape(string field)
    {
        var bytes = new byte[field.Length];
        int length = 0;
        for (int i = 0; i < field.Length; i++)
        {
            if (field[i] == '\\' && i + 3 < field.Length && IsOctal(field[i + 1]) && IsOctal(field[i + 2]) && IsOctal(field[i + 3]))
            {
                bytes[length++] = (byte)(((field[i + 1] - '0') << 6) | ((field[i + 2] - '0') << 3) | (field[i + 3] - '0'));
                i += 3;
            }
            else
            {
                bytes[length++] = (byte)field[i];
            }
        }

        return Encoding.UTF8.GetString(bytes, 0, length);
    }

    private static bool IsOctal(char digit) => digit is >= '0' and <= '7';
}
