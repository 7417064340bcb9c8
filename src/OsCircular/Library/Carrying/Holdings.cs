using OsCircular.Blocks;
using OsCircular.Indexes;

namespace OsCircular.Library.Carrying;

/// <summary>What the receiver of an export has already, so that it is left out. Nobody vouches for it: where it is wrong, the receiver lacks blocks and says so.</summary>
public sealed class Holdings
{
    /// <summary>Characters; a longer line is no path of ours, nor is what follows it.</summary>
    private const int MaxLine = 4096;

    private readonly HashSet<BlockName> _names = [];
    private readonly List<RepositoryFolder> _folders = [];
    private readonly List<VersionReference> _versions = [];

    /// <summary>Versions that it has wholly.</summary>
    public IReadOnlyList<VersionReference> Versions => _versions;

    /// <summary>Reads what users write: <c>NAME@VERSION</c>, a repository's or cache's folder, an earlier export, or a list of block files, a path on each line.</summary>
    /// <exception cref="UserError">It is none of these.</exception>
    public static async Task<Holdings> ReadAsync(IEnumerable<string> written, CancellationToken cancellationToken)
    {
        Holdings holdings = new();
        foreach (string text in written)
        {
            if (Directory.Exists(text)) holdings._folders.Add(new RepositoryFolder(text));
            else if (File.Exists(text)) await holdings.AddFileAsync(text, cancellationToken);
            else if (VersionReference.TryParse(text, out VersionReference version)) holdings._versions.Add(version);
            else throw new UserError($"--have: {text} is no NAME@VERSION, and there is no file or folder of that name", UserError.WrongUsage);
        }

        return holdings;
    }

    public bool Contains(BlockName name) => _names.Contains(name) || _folders.Exists(folder => folder.Holds(name));

    internal void Add(BlockName name) => _names.Add(name);

    private async Task AddFileAsync(string path, CancellationToken cancellationToken)
    {
        int before = _names.Count;
        if (await ExportReader.IsExportAsync(path, cancellationToken))
        {
            using ExportReader export = await ExportReader.OpenAsync(path, cancellationToken);
            while (await export.NextAsync(cancellationToken) is { } entry)
            {
                if (entry.Block is { } name) _names.Add(name);
            }
        }
        else
        {
            await AddLinesAsync(path, cancellationToken);
        }

        if (_names.Count == before) throw new UserError($"--have: {path} names no block files; give an earlier export, or what `find CACHE/blocks -type f` prints on the receiver");
    }

    private async Task AddLinesAsync(string path, CancellationToken cancellationToken)
    {
        using StreamReader lines = new(path);
        char[] line = new char[MaxLine];
        int length = 0;
        for (int read; (read = await lines.ReadAsync(line.AsMemory(length), cancellationToken)) > 0;)
        {
            length += read;
            int begin = 0;
            for (int end; (end = line.AsSpan(begin, length - begin).IndexOf('\n')) >= 0; begin += end + 1) AddLine(line.AsSpan(begin, end));
            length -= begin;
            line.AsSpan(begin, length).CopyTo(line);
            if (length == MaxLine) return;
        }

        AddLine(line.AsSpan(0, length));
    }

    // "blocks/ab/ab..." wherever the receiver's folder lies.
    private void AddLine(ReadOnlySpan<char> line)
    {
        const int PathLength = 10 + BlockName.TextLength;
        line = line.TrimEnd();
        if (line.Length >= PathLength && ExportEntry.TryParseBlock(line[^PathLength..], out BlockName name)) _names.Add(name);
    }
}
