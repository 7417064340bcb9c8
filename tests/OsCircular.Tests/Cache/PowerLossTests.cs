using System.Text;
using OsCircular.Blocks;
using OsCircular.Cache;
using OsCircular.Sources;
using OsCircular.TestKit.Sources;

namespace OsCircular.Tests.Cache;

/// <summary>
/// Power loss as far as it can be tried without a disk of its own: the cache is copied at random moments under load, and in the copy the block files, which are not
/// synced, are torn. What was synced must be whole or old; what is torn must be noticed.
/// </summary>
public sealed class PowerLossTests
{
    [Fact]
    public async Task Open_CopyTakenUnderLoadWithTornBlocks_IsWholeOrOldAndHeals()
    {
        await using TestCache cache = await TestCache.OpenAsync();
        using CancellationTokenSource stop = new();
        using SemaphoreSlim load = new(0);
        Task loading = Task.Run(() => Load(cache, load, stop.Token));
        Random random = new(4711);
        try
        {
            for (int crash = 0; crash < 12; crash++)
            {
                // However fast the machine is, all of it stays far below the quota: what is evicted cannot be found torn.
                load.Release(80);
                using TemporaryCopy copy = new(cache.Path);
                int torn = Tear(copy.Path, random);
                await AssertRecoversAsync(copy.Path, torn);
            }
        }
        finally
        {
            // A load that went on while the cache goes would hide why.
            await stop.CancelAsync();
            load.Release();
            await loading.WaitAsync(TimeSpan.FromSeconds(30));
        }
    }

    private static void Load(TestCache cache, SemaphoreSlim load, CancellationToken stop)
    {
        StateFile pins = cache.Cache.Directory.State("pins", 4096);
        for (int i = 0; !stop.IsCancellationRequested; i++)
        {
            load.Wait(CancellationToken.None);
            cache.Store(TestBlocks.Make(i, 5000));
            byte[] page = TestBlocks.Make(-1 - i, 3000);
            DocumentName name = new(DocumentKind.IndexPage, Digest.Of(page));
            Assert.True(cache.Cache.Documents.TryStore(name, FetchedDocument.Verify(name, page)));
            cache.Cache.Directory.Head.Write(Sealed(i));
            pins.Write(Sealed(i));
        }
    }

    // Any text that tells whether it is whole.
    private static byte[] Sealed(int number) => Encoding.ASCII.GetBytes($"{number} {Digest.Of(BitConverter.GetBytes(number))}{new string('.', 500)} end");

    private static void AssertSealed(byte[]? bytes)
    {
        if (bytes is null) return;
        int number = int.Parse(Encoding.ASCII.GetString(bytes).Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal(Sealed(number), bytes);
    }

    private static int Tear(string path, Random random)
    {
        int torn = 0;
        foreach (string file in Directory.GetFiles(Path.Combine(path, "blocks"), "*", SearchOption.AllDirectories))
        {
            using FileStream block = File.OpenWrite(file);
            long length = block.Length;
            switch (random.Next(4))
            {
                case 0: block.SetLength(0); break;
                case 1: block.SetLength(length / 2 / 4096 * 4096); break;
                case 2: block.SetLength(4096); block.SetLength(5000); break;
                default: continue;
            }

            torn++;
        }

        return torn;
    }

    private static async Task AssertRecoversAsync(string path, int torn)
    {
        await using BlockCache cache = await TestCache.OpenAsync(path);
        AssertSealed(cache.Directory.Head.TryRead());
        AssertSealed(cache.Directory.State("pins", 4096).TryRead());
        foreach (string page in Directory.GetFiles(Path.Combine(path, "indexes")))
            Assert.Equal(Path.GetFileName(page), Digest.Of(File.ReadAllBytes(page)).ToString());

        HashSet<string?> held = [.. Directory.GetFiles(Path.Combine(path, "blocks"), "*", SearchOption.AllDirectories).Select(Path.GetFileName)];
        FakeBlockSource upstream = new();
        CachedBlockSource source = new(cache.Blocks, new KeepingSource(cache.Blocks, upstream, SourceKind.Mirror));
        for (int i = 0; held.Count > 0; i++)
        {
            byte[] block = TestBlocks.Make(i, 5000);
            held.Remove(upstream.Add(block).ToString());
            Assert.True((await source.FetchAsync(TestBlocks.Request(block), new byte[5000], default)).Succeeded);
            Assert.Equal(SourceError.None, cache.Blocks.TryRead(BlockName.Of(block), 5000, new byte[5000], out _));
        }

        Assert.Equal(torn, cache.Counters[CacheCounter.Damaged]);
    }
}
