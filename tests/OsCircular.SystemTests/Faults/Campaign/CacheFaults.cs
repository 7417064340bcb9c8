using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.Faults.Campaign;

/// <summary>Damages files of a cache, in place and while its agent runs, as a disk or a power loss would.</summary>
internal sealed class CacheFaults(string cache, FaultPlan plan)
{
    private const int Page = 4096;
    private const int Kinds = FaultKind.CacheDeletedFile - FaultKind.CacheBitFlip + 1;

    private readonly Random _random = plan.RandomOf("cache");

    /// <summary>One more fault, unless the cache is empty.</summary>
    public void Inject()
    {
        string[] files = [.. TestRepository.BlockFiles(cache), .. Directory.GetFiles(Path.Combine(cache, "indexes"))];
        if (files.Length < 2) return;
        Array.Sort(files, StringComparer.Ordinal);
        string file = files[_random.Next(files.Length)];
        FaultKind kind = FaultKind.CacheBitFlip + _random.Next(Kinds);
        try
        {
            Damage(kind, file, files[_random.Next(files.Length)]);
            plan.Count(kind);
        }
        catch (IOException)
        {
            // Evicted or set aside since it was listed: no fault.
        }
    }

    private void Damage(FaultKind kind, string file, string other)
    {
        switch (kind)
        {
            case FaultKind.CacheBitFlip:
                InPlace(file, bytes => bytes[_random.Next(bytes.Length)] ^= (byte)(1 << _random.Next(8)));
                break;
            case FaultKind.CacheTruncation:
                using (FileStream open = new(file, FileMode.Open, FileAccess.Write)) open.SetLength(_random.NextInt64(open.Length));
                break;
            case FaultKind.CacheSwap:
                Swap(file, other == file ? throw new IOException("the same file twice") : other);
                break;
            case FaultKind.CacheZeroedPage:
                InPlace(file, ZeroAPage);
                break;
            case FaultKind.CacheTornRename:
                Tear(file);
                break;
            case FaultKind.CacheDeletedFile:
                if (!File.Exists(file)) throw new FileNotFoundException(file);
                File.Delete(file);
                break;
            default:
                throw new InvalidOperationException($"{kind} is not done to a cache.");
        }
    }

    private void ZeroAPage(byte[] bytes)
    {
        int at = _random.Next((bytes.Length + Page - 1) / Page) * Page;
        Array.Clear(bytes, at, Math.Min(Page, bytes.Length - at));
    }

    private static void InPlace(string file, Action<byte[]> change)
    {
        using FileStream open = new(file, FileMode.Open, FileAccess.ReadWrite);
        byte[] bytes = new byte[open.Length];
        if (bytes.Length == 0) throw new IOException("empty already");
        open.ReadExactly(bytes);
        change(bytes);
        open.Position = 0;
        open.Write(bytes);
    }

    private void Swap(string one, string other)
    {
        string between = Path.Combine(cache, "tmp", "swapped");
        File.Move(one, between, overwrite: true);
        File.Move(other, one, overwrite: true);
        File.Move(between, other, overwrite: true);
    }

    private void Tear(string file)
    {
        byte[] whole = File.ReadAllBytes(file);
        byte[] part = whole[.._random.Next(whole.Length + 1)];
        File.WriteAllBytes(Path.Combine(cache, "tmp", Path.GetFileName(file)), part);
        using FileStream open = new(file, FileMode.Open, FileAccess.Write);
        open.SetLength(_random.Next(3) == 0 ? 0 : part.Length);
        if (_random.Next(2) == 0) open.Write(new byte[open.Length]);
    }
}
