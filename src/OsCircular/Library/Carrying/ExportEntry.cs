using OsCircular.Blocks;
using OsCircular.Sources;

namespace OsCircular.Library.Carrying;

/// <summary>One file in an export: the head, a document, or a block file.</summary>
/// <param name="Path">As in a repository.</param>
/// <param name="Document">Which, where it is one.</param>
/// <param name="Block">Which, where it is one.</param>
/// <param name="At">Where its bytes begin in the export.</param>
/// <param name="Length">Bytes, within the bounds of its kind.</param>
internal readonly record struct ExportEntry(string Path, DocumentName? Document, BlockName? Block, long At, int Length)
{
    public bool IsHead => Document is null && Block is null;

    /// <summary>Takes only the exact path of a repository's file, and only up to the length that such a file may have.</summary>
    /// <param name="path">As the archive says.</param>
    /// <param name="at">Where its bytes begin.</param>
    /// <param name="length">As the archive says.</param>
    /// <param name="entry">The entry.</param>
    /// <param name="fault">Why it is refused, to follow the path.</param>
    public static bool TryMake(string path, long at, long length, out ExportEntry entry, out string? fault)
    {
        fault = null;
        entry = default;
        DocumentName? document = DocumentName.TryParse(path, out DocumentName documentName) ? documentName : null;
        BlockName? block = TryParseBlock(path, out BlockName blockName) ? blockName : null;
        int longest = document?.MaxLength ?? (block is not null ? StoredBlock.MaxLength : path == RepositoryPaths.Head ? RepositoryPaths.MaxHeadLength : 0);
        if (longest == 0) fault = "is no file of a repository";
        else if (length <= 0 || length > longest) fault = $"has {length} bytes, which no such file has";
        else entry = new ExportEntry(path, document, block, at, (int)length);
        return fault is null;
    }

    /// <summary>The block whose path this is, and nothing else.</summary>
    public static bool TryParseBlock(ReadOnlySpan<char> path, out BlockName name)
    {
        name = default;
        return path.Length > BlockName.TextLength
            && BlockName.TryParse(path[^BlockName.TextLength..], out name)
            && path.SequenceEqual(RepositoryPaths.Block(name));
    }
}
