using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using OsCircular.Fuse.Protocol;

namespace OsCircular.Fuse;

/// <summary>Takes a directory's entries as long as the kernel's buffer has room; knows whether attributes go along (READDIRPLUS) or not.</summary>
public ref struct FuseDirectoryWriter
{
    private readonly Span<byte> _buffer;
    private readonly bool _withAttributes;

    internal FuseDirectoryWriter(Span<byte> buffer, bool withAttributes)
    {
        _buffer = buffer;
        _withAttributes = withAttributes;
    }

    /// <summary>Bytes taken so far.</summary>
    public int Length { get; private set; }

    /// <summary>Whether <see cref="TryAdd"/> looks at more of an entry than its id and kind.</summary>
    public readonly bool NeedsAttributes => _withAttributes;

    /// <param name="nextOffset">Where the next read goes on after this entry; must derive from the entry, for another process may be the one asked.</param>
    /// <param name="name">1 to 255 bytes, no slash, no NUL.</param>
    /// <returns>False when there is no room: the entry was not taken, and the caller ends.</returns>
    public bool TryAdd(ulong nextOffset, ReadOnlySpan<byte> name, in FuseEntry entry)
    {
        int prefix = _withAttributes ? Unsafe.SizeOf<EntryOut>() : 0;
        int used = prefix + Unsafe.SizeOf<DirectoryEntry>() + name.Length;
        int record = (used + 7) & ~7;
        if (record > _buffer.Length - Length) return false;

        Span<byte> target = _buffer.Slice(Length, record);
        target[used..].Clear();
        if (_withAttributes) MemoryMarshal.Write(target, EntryFor(name, entry));
        MemoryMarshal.Write(target[prefix..], new DirectoryEntry
        {
            Inode = entry.Attributes.Id,
            Offset = nextOffset,
            NameLength = (uint)name.Length,
            Type = WireForms.TypeOf(entry.Attributes.Kind),
        });
        name.CopyTo(target[(prefix + Unsafe.SizeOf<DirectoryEntry>())..]);
        Length += record;
        return true;
    }

    // The kernel takes a node id here for a lookup of that name; "." and ".." must not become entries of its cache.
    private static EntryOut EntryFor(ReadOnlySpan<byte> name, in FuseEntry entry) =>
        name.SequenceEqual("."u8) || name.SequenceEqual(".."u8) ? default : WireForms.Of(entry);
}
