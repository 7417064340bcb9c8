using Microsoft.Extensions.Logging.Abstractions;
using OsCircular.Cache;
using OsCircular.Indexes;
using OsCircular.Library.Pins;
using OsCircular.TestKit;
using OsCircular.TestKit.Disks;
using OsCircular.TestKit.Sources;
using OsCircular.Tests.Cache;
using OsCircular.Tests.Library.Filling;

namespace OsCircular.Tests.Library.Pins;

/// <summary>A keeper of pins over a small real cache, with the filler and the mirror of <see cref="FillRig"/>.</summary>
internal sealed class PinRig : IAsyncDisposable
{
    public static readonly CacheOptions Small = new() { Quota = CacheOptions.MinQuota, FreeSpaceFloor = 0 };

    private int _noise = 1_000_000;

    private PinRig(FillRig fill)
    {
        Fill = fill;
        Keeper = Start();
    }

    public FillRig Fill { get; }
    public PinKeeper Keeper { get; private set; }
    public BlockStore Store => Fill.Store;

    public static async Task<PinRig> CreateAsync() => new(await FillRig.CreateAsync(Small));

    public static Pin Pin(string text, bool profileOnly = false) => new(VersionReference.Parse(text), profileOnly);

    public Task<PinStatus> PinAsync(string text, bool profileOnly = false) => Keeper.PinAsync(Pin(text, profileOnly), TestContext.Current.CancellationToken).WaitAsync(FillRig.Patience);

    public Task UnpinAsync(string text) => Keeper.UnpinAsync(Pin(text), TestContext.Current.CancellationToken).WaitAsync(FillRig.Patience);

    /// <summary>Waits until that pin keeps that version, all of it.</summary>
    public Task WaitUntilHeldAsync(string pin, string version, bool profileOnly = false) => Eventually.IsSoAsync(() =>
        Keeper.Status.Any(status => status.Pin == Pin(pin, profileOnly) && status is { State: PinState.Held, Next: null, Kept: { } kept } && kept == VersionName.Parse(version)));

    /// <summary>So many other blocks come that more than the quota passes through the cache.</summary>
    public void Flood()
    {
        for (int i = 0; i < 5 * CacheOptions.MinQuota / 4 / (64 << 10); i++) TestCache.TryStore(Store, TestBlocks.Make(_noise++, 64 << 10));
    }

    /// <summary>Looked for without reading: what is read stays longer.</summary>
    public bool HoldsAll(TestDisk disk) => disk.BlockFiles.Keys.All(name => System.IO.File.Exists(Fill.Cache.FileOf(name)));

    public string File => Path.Combine(Fill.Cache.Path, "agent", CacheDirectory.PinsFile);

    public async Task RestartAsync(CacheOptions? options = null, Action<string>? meanwhile = null, Action? beforePins = null)
    {
        await Keeper.DisposeAsync().AsTask().WaitAsync(FillRig.Patience);
        await Fill.RestartAsync(options ?? Small, meanwhile);
        beforePins?.Invoke();
        Keeper = Start();
    }

    public async ValueTask DisposeAsync()
    {
        await Keeper.DisposeAsync().AsTask().WaitAsync(FillRig.Patience);
        await Fill.DisposeAsync();
    }

    private PinKeeper Start() => new(Fill.Parts, Fill.Filler, PinBook.FileOf(Fill.Cache.Cache.Directory), NullLogger<PinKeeper>.Instance);
}
