namespace OsCircular.Tests.Cache;

/// <summary>A folder's files copied one after another, as they stand; removed at the end.</summary>
internal sealed class TemporaryCopy : IDisposable
{
    public TemporaryCopy(string source)
    {
        Path = Directory.CreateTempSubdirectory("oscircular-copy-").FullName;
        foreach (string folder in Directory.EnumerateDirectories(source, "*", SearchOption.AllDirectories))
            Directory.CreateDirectory(System.IO.Path.Combine(Path, System.IO.Path.GetRelativePath(source, folder)));
        foreach (string file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories)) TryCopy(file, System.IO.Path.GetRelativePath(source, file));
    }

    public string Path { get; }

    // A file may go, or its folder come, between listing and copying.
    private void TryCopy(string file, string relative)
    {
        string target = System.IO.Path.Combine(Path, relative);
        try
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(target)!);
            using FileStream from = new(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using FileStream to = File.Create(target);
            from.CopyTo(to);
        }
        catch (IOException)
        {
            File.Delete(target);
        }
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
