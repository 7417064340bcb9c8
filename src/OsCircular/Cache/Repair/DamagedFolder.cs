using System.Globalization;

namespace OsCircular.Cache.Repair;

/// <summary>
/// <c>agent/damaged/</c>: the last files that were found damaged, for whoever wants to see what the disk made of them. Kept for a week, and within bounds that
/// count against the quota: a disk that damages everything fills nothing with it. Whatever fails here costs a look at the damage and no more. Thread-safe.
/// </summary>
internal sealed class DamagedFolder
{
    public const int MaxFiles = 64;
    public const long MostBytes = 16L * 1024 * 1024;

    private const string TimeFormat = "yyyyMMdd'T'HHmmss";
    private static readonly TimeSpan Kept = TimeSpan.FromDays(7);

    private readonly CacheDirectory _directory;
    private readonly BlockInventory _inventory;
    private readonly long _maxBytes;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, long> _files = new(StringComparer.Ordinal); // by time and name
    private long _bytes;

    public DamagedFolder(CacheDirectory directory, BlockInventory inventory, TimeProvider time)
    {
        _directory = directory;
        _inventory = inventory;
        _maxBytes = Math.Min(MostBytes, inventory.Quota / 64);
        _time = time;
        lock (_gate)
        {
            foreach ((string file, long length) in Look()) Count(file, length);
            Trim();
        }
    }

    public string Path => System.IO.Path.Combine(_directory.AgentPath, "damaged");

    /// <summary>What is kept now.</summary>
    public (int Files, long Bytes) Totals
    {
        get
        {
            lock (_gate) return (_files.Count, _bytes);
        }
    }

    /// <summary>Moves a file of the cache here; where it cannot be moved, or is too large to be kept, it stays, and is the caller's to remove.</summary>
    /// <param name="relative">Its path in the repository's tree.</param>
    public void Take(string relative)
    {
        string from = _directory.Of(relative);
        string file = $"{_time.GetUtcNow().UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture)}-{System.IO.Path.GetFileName(relative)}";
        lock (_gate)
        {
            try
            {
                long length = new FileInfo(from).Length;
                if (length > _maxBytes) return;
                Directory.CreateDirectory(Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
                File.Move(from, System.IO.Path.Combine(Path, file), overwrite: true);
                Count(file, length);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Full, read-only or failing: who set it aside will meet that too, and says so.
            }

            Trim();
        }
    }

    private IEnumerable<(string File, long Length)> Look()
    {
        try
        {
            return [.. new DirectoryInfo(Path).EnumerateFiles().Select(file => (file.Name, file.Length))];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private void Count(string file, long length)
    {
        _bytes += length - _files.GetValueOrDefault(file);
        _files[file] = length;
    }

    private void Trim()
    {
        string oldest = (_time.GetUtcNow().UtcDateTime - Kept).ToString(TimeFormat, CultureInfo.InvariantCulture);
        while (_files.Count > 0)
        {
            (string file, long length) = _files.First();
            if (_files.Count <= MaxFiles && _bytes <= _maxBytes && string.CompareOrdinal(file, oldest) >= 0) break;
            if (!TryRemove(file)) break;
            _files.Remove(file);
            _bytes -= length;
        }

        _inventory.KeptAside(_bytes);
    }

    private bool TryRemove(string file)
    {
        try
        {
            File.Delete(System.IO.Path.Combine(Path, file));
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
