using System.Runtime.InteropServices;
using System.Text;
using OsCircular.Fuse;

namespace OsCircular.TestKit.Fuse;

/// <summary>A small tree in memory, with files that are slow or fail on demand.</summary>
public sealed class MemoryFileSystem : IFuseFileSystem
{
    public const ulong RootId = 1;

    private readonly Dictionary<ulong, MemoryFile> _files = [];
    private ulong _nextId = RootId;

    public MemoryFileSystem() => Root = Add(null, "", FuseFileKind.Directory, []);

    public MemoryFile Root { get; }

    /// <summary>Called on the reader thread for each read before anything else.</summary>
    public Action<FuseRead>? Reading { get; set; }

    /// <summary>Length of the longest read seen.</summary>
    public int LongestRead { get; private set; }

    public int Releases { get; private set; }

    public MemoryFile AddDirectory(MemoryFile parent, string name) => Add(parent, name, FuseFileKind.Directory, []);

    public MemoryFile AddLink(MemoryFile parent, string name, string target) => Add(parent, name, FuseFileKind.SymbolicLink, Encoding.UTF8.GetBytes(target));

    public MemoryFile AddFile(MemoryFile parent, string name, ReadOnlySpan<byte> content) => Add(parent, name, FuseFileKind.File, content);

    /// <summary>Bytes that differ from place to place and are the same in every run.</summary>
    public static byte[] Content(int size, int seed = 1)
    {
        var bytes = new byte[size];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    public FuseError Lookup(ulong parent, ReadOnlySpan<byte> name, out FuseEntry entry)
    {
        entry = default;
        if (!_files.TryGetValue(parent, out MemoryFile? directory)) return FuseError.ESTALE;
        if (!directory.Children.TryGetValue(Encoding.UTF8.GetString(name), out MemoryFile? file)) return FuseError.ENOENT;
        entry = file.Entry;
        return FuseError.Ok;
    }

    public FuseError GetAttributes(ulong id, out FuseAttributes attributes)
    {
        bool found = _files.TryGetValue(id, out MemoryFile? file);
        attributes = found ? file!.Attributes : default;
        return found ? FuseError.Ok : FuseError.ESTALE;
    }

    public FuseError ReadLink(ulong id, out ReadOnlyMemory<byte> target)
    {
        bool found = _files.TryGetValue(id, out MemoryFile? file);
        target = found ? file!.Content : default;
        return found ? FuseError.Ok : FuseError.ESTALE;
    }

    public FuseError Open(ulong id, int flags) => _files.ContainsKey(id) ? FuseError.Ok : FuseError.ESTALE;

    public void Release(ulong id)
    {
        lock (_files) Releases++;
    }

    public void Read(FuseRead request)
    {
        Reading?.Invoke(request);
        LongestRead = Math.Max(LongestRead, request.Length);
        if (!_files.TryGetValue(request.Id, out MemoryFile? file)) request.ReplyError(FuseError.ESTALE);
        else if (file.Gate is { } gate) Wait(gate, request, file);
        else Answer(request, file);
    }

    public FuseError ReadDirectory(ulong id, ulong offset, ref FuseDirectoryWriter writer)
    {
        if (!_files.TryGetValue(id, out MemoryFile? directory)) return FuseError.ESTALE;
        ulong index = 0;
        foreach ((string name, MemoryFile child) in directory.Children)
        {
            if (++index > offset && !writer.TryAdd(index, Encoding.UTF8.GetBytes(name), child.Entry)) break;
        }

        return FuseError.Ok;
    }

    public FuseError GetExtendedAttribute(ulong id, ReadOnlySpan<byte> name, out ReadOnlyMemory<byte> value)
    {
        value = default;
        if (!_files.TryGetValue(id, out MemoryFile? file)) return FuseError.ESTALE;
        if (!file.ExtendedAttributes.TryGetValue(Encoding.UTF8.GetString(name), out byte[]? bytes)) return FuseError.ENODATA;
        value = bytes;
        return FuseError.Ok;
    }

    public FuseError ListExtendedAttributes(ulong id, out ReadOnlyMemory<byte> nulSeparated)
    {
        bool found = _files.TryGetValue(id, out MemoryFile? file);
        nulSeparated = found ? file!.NulSeparatedAttributeNames : default;
        return found ? FuseError.Ok : FuseError.ESTALE;
    }

    public FuseError GetFileSystemStatistics(out FuseStatistics statistics)
    {
        statistics = new FuseStatistics { BlockSize = 4096, Blocks = 1000, Files = (ulong)_files.Count, MaxNameLength = 255 };
        return FuseError.Ok;
    }

    public void Seek(FuseSeekRequest request)
    {
        if (!_files.TryGetValue(request.Id, out MemoryFile? file)) request.ReplyError(FuseError.ESTALE);
        else if (file.Gate is { } gate) gate.Pass(request, () => Answer(request, file));
        else Answer(request, file);
    }

    // Apart from Read, where the closure would be allocated for every read.
    private static void Wait(Gate gate, FuseRead request, MemoryFile file) => gate.Pass(request, () => Answer(request, file));

    private static void Answer(FuseRead request, MemoryFile file)
    {
        if (file.ReadError != FuseError.Ok)
        {
            request.ReplyError(file.ReadError);
            return;
        }

        int start = (int)Math.Min(request.Offset, file.Content.Length);
        request.Reply(file.Content.Slice(start, Math.Min(request.Length, file.Content.Length - start)));
    }

    private static void Answer(FuseSeekRequest request, MemoryFile file)
    {
        long size = file.Content.Length;
        bool inHole = request.Offset >= file.HoleFrom;
        if (request.Offset >= size || (inHole && request.Whence == FuseSeek.Data)) request.ReplyError(FuseError.ENXIO);
        else if (inHole || request.Whence == FuseSeek.Data) request.Reply(request.Offset);
        else request.Reply(Math.Min(file.HoleFrom, size));
    }

    private MemoryFile Add(MemoryFile? parent, string name, FuseFileKind kind, ReadOnlySpan<byte> content)
    {
        byte[] pinned = GC.AllocateUninitializedArray<byte>(content.Length, pinned: true);
        content.CopyTo(pinned);
        var file = new MemoryFile { Id = _nextId++, Kind = kind, Content = MemoryMarshal.CreateFromPinnedArray(pinned, 0, pinned.Length) };
        _files.Add(file.Id, file);
        parent?.Children.Add(name, file);
        return file;
    }
}
