using System.Text;
using OsCircular.Fuse;

namespace OsCircular.TestKit.Fuse;

/// <summary>A node of <see cref="MemoryFileSystem"/>.</summary>
public sealed class MemoryFile
{
    public required ulong Id { get; init; }

    public required FuseFileKind Kind { get; init; }

    /// <summary>A file's bytes, or a symbolic link's target. In pinned memory, as replies ask for.</summary>
    public Memory<byte> Content { get; init; }

    public SortedDictionary<string, MemoryFile> Children { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, byte[]> ExtendedAttributes { get; } = new(StringComparer.Ordinal);

    /// <summary>Every read is answered with it.</summary>
    public FuseError ReadError { get; set; }

    /// <summary>Reads wait until it is opened.</summary>
    public Gate? Gate { get; set; }

    /// <summary>Bytes from here to the end are a hole; by default there is none.</summary>
    public long HoleFrom { get; set; } = long.MaxValue;

    public FuseEntry Entry => new() { Attributes = Attributes, NameValidFor = TimeSpan.FromHours(1) };

    public FuseAttributes Attributes => new()
    {
        Id = Id,
        Kind = Kind,
        Permissions = Kind == FuseFileKind.File ? 0b100_100_100 : 0b101_101_101,
        Size = Content.Length,
        AllocatedSize = Content.Length,
        Links = 1,
        ModifiedAt = new DateTimeOffset(2024, 5, 6, 7, 8, 9, TimeSpan.Zero),
        ValidFor = TimeSpan.FromHours(1),
    };

    public byte[] NulSeparatedAttributeNames =>
        Encoding.UTF8.GetBytes(string.Concat(ExtendedAttributes.Keys.Order(StringComparer.Ordinal).Select(name => name + "\0")));
}
