namespace OsCircular.Publishing;

/// <summary>Recognises disk image formats that are not raw by their first bytes.</summary>
internal static class ForeignImage
{
    // Where the magic stands, what it is, and what qemu-img calls the format. A fixed VHD has its magic at the end only, and is raw but for that.
    private static readonly (int At, byte[] Magic, string Format)[] Formats =
    [
        (0, [.. "QFI"u8, 0xfb], "qcow2"),
        (0, "KDMV"u8.ToArray(), "vmdk"),
        (0, "COWD"u8.ToArray(), "vmdk"),
        (0, "# Disk DescriptorFile"u8.ToArray(), "vmdk"),
        (0, "vhdxfile"u8.ToArray(), "vhdx"),
        (0, "conectix"u8.ToArray(), "vpc"),
        (64, [0x7f, 0x10, 0xda, 0xbe], "vdi"),
    ];

    /// <returns>qemu-img's name of the format; null where the image is to be taken as raw, or cannot be read.</returns>
    public static string? Recognise(string path)
    {
        Span<byte> head = stackalloc byte[128];
        try
        {
            using FileStream file = File.OpenRead(path);
            head = head[..file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // whoever opens it next says why
        }

        foreach ((int at, byte[] magic, string format) in Formats)
        {
            if (head.Length >= at + magic.Length && head[at..].StartsWith(magic)) return format;
        }

        return null;
    }
}
