namespace OsCircular.Cache;

/// <summary>Room taken out of the quota for one file. Disposing gives back what was not used.</summary>
public sealed class CacheReservation : IDisposable
{
    private readonly BlockInventory _inventory;
    private int _bytes;

    internal CacheReservation(BlockInventory inventory, int bytes)
    {
        _inventory = inventory;
        _bytes = bytes;
    }

    /// <summary>Hands the room over to whoever records the stored file; once.</summary>
    internal int Use() => Interlocked.Exchange(ref _bytes, 0);

    public void Dispose()
    {
        int bytes = Use();
        if (bytes > 0) _inventory.Release(bytes);
    }
}
