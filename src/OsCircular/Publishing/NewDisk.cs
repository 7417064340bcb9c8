using OsCircular.Blocks;

namespace OsCircular.Publishing;

/// <summary>An empty disk to install on: a qcow2 file, which takes room only for what is written, and which QEMU locks while a guest runs on it.</summary>
public static class NewDisk
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>Makes it; nothing is left where that fails.</summary>
    /// <param name="path">The file to make; there must be none yet.</param>
    /// <param name="size">Bytes, as the guest sees it.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="UserError">It cannot be made.</exception>
    public static async Task CreateAsync(string path, long size, TimeProvider time, CancellationToken cancellationToken)
    {
        if (!BlockGeometry.IsValidDiskSize(size)) throw new UserError($"a disk of {size} bytes cannot be published; give a multiple of 512, at most 2EiB", UserError.WrongUsage);
        if (Path.Exists(path)) throw new UserError($"{path}: is there already, and is left alone; remove it, or give another file");
        try
        {
            string[] create = ["create", "-q", "-f", "qcow2", "--", path, $"{size}"];
            await new QemuImg(time).RunAsync(path, create, Limit, (_, _) => Task.FromResult(true), cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            File.Delete(path);
            throw;
        }
    }

    /// <summary>Refuses a disk that a guest still runs on.</summary>
    /// <exception cref="UserError">One does, or it cannot be read.</exception>
    public static Task CheckUnusedAsync(string path, TimeProvider time, CancellationToken cancellationToken) =>
        new QemuImg(time).RunAsync(path, ["info", "-f", "qcow2", "--", path], Limit, (_, _) => Task.FromResult(true), cancellationToken);
}
