namespace OsCircular.Fuse;

public enum FuseFileKind
{
    File,
    Directory,
    SymbolicLink,
}

/// <summary>What stat(2) shows of a file; owner is root unless said.</summary>
public readonly record struct FuseAttributes
{
    /// <summary>Node id, also shown as the inode number. 1 is the root; 0 means "no such file".</summary>
    public ulong Id { get; init; }

    public FuseFileKind Kind { get; init; }

    /// <summary>The nine permission bits, as in 0444.</summary>
    public int Permissions { get; init; }

    /// <summary>Bytes; of a symbolic link the length of its target.</summary>
    public long Size { get; init; }

    /// <summary>Bytes that the content takes; shown by du and as st_blocks.</summary>
    public long AllocatedSize { get; init; }

    public int Links { get; init; }

    public uint User { get; init; }

    public uint Group { get; init; }

    public DateTimeOffset ModifiedAt { get; init; }

    /// <summary>Bytes; the size of read that suits the file best (st_blksize). 0: 4096.</summary>
    public int PreferredReadSize { get; init; }

    /// <summary>How long the kernel may use these attributes without asking again.</summary>
    public TimeSpan ValidFor { get; init; }
}

/// <summary>A name in a directory and the file it stands for.</summary>
public readonly record struct FuseEntry
{
    /// <summary>With <see cref="FuseAttributes.Id"/> 0 the kernel remembers for <see cref="NameValidFor"/> that the name does not exist.</summary>
    public FuseAttributes Attributes { get; init; }

    /// <summary>How long the kernel may use the name without asking again.</summary>
    public TimeSpan NameValidFor { get; init; }
}
