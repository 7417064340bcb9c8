using OsCircular.Blocks;

namespace OsCircular.Cache;

/// <summary>
/// A small file that is whole or old after a power loss, never torn: written to a temporary file, fsynced, renamed, its folder fsynced.
/// For what cannot be derived (pins, trust, the head). Writers take turns; readers need none.
/// </summary>
public sealed class StateFile
{
    private readonly Lock _turn = new();
    private readonly string _temporary;

    /// <param name="path">The file; its folder exists.</param>
    /// <param name="maxLength">Bytes; a longer file is refused before it is read whole.</param>
    /// <param name="temporaryFolder">On the same file system.</param>
    public StateFile(string path, int maxLength, string temporaryFolder)
    {
        Path = path;
        MaxLength = maxLength;
        _temporary = System.IO.Path.Combine(temporaryFolder, $"state-{System.IO.Path.GetFileName(path)}");
    }

    public string Path { get; }
    public int MaxLength { get; }

    /// <summary>The file's bytes; null where there is no such file.</summary>
    /// <exception cref="UserError">The file is there and cannot be read, or is longer than <see cref="MaxLength"/>.</exception>
    public byte[]? TryRead()
    {
        try
        {
            using FileStream file = new(Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            if (file.Length > MaxLength) throw new UserError($"{Path} is longer than {MaxLength} bytes and not one of ours; move it away and start again");
            byte[] bytes = new byte[file.Length];
            file.ReadExactly(bytes);
            return bytes;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserError($"cannot read {Path}: {e.Message}; check the disk and the file's owner", e);
        }
    }

    /// <summary>Replaces the file. On return the new bytes survive a power loss; on an exception the old ones stand.</summary>
    /// <param name="bytes">At most <see cref="MaxLength"/>.</param>
    /// <exception cref="IOException">The disk is full, read-only or failing.</exception>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes.Length, MaxLength, nameof(bytes));
        lock (_turn) DurableFile.Write(Path, _temporary, bytes);
    }

    /// <summary>Removes the file, durably; nothing where it is not there.</summary>
    /// <exception cref="IOException">The disk is read-only or failing.</exception>
    public void Delete()
    {
        lock (_turn)
        {
            if (File.Exists(Path)) DurableFile.Delete(Path);
        }
    }
}
