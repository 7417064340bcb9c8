using OsCircular.Sources;

namespace OsCircular.Cache;

/// <summary>The cache's one background task: learns what is held, then opens the room.</summary>
internal sealed class CacheUpkeep(CacheDirectory directory, BlockInventory inventory, CacheRoom room)
{
    private readonly TaskCompletionSource _loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Loaded => _loaded.Task;

    public Task RunAsync(CancellationToken stop)
    {
        CacheScan.Blocks(directory.BlocksPath, (name, length) => inventory.Stored(name, length, reserved: 0, SourceKind.Found), stop);
        foreach (string folder in new[] { RepositoryPaths.Manifests, RepositoryPaths.Indexes, RepositoryPaths.Profiles })
            inventory.DocumentFound(CacheScan.Documents(directory.Of(folder)));
        room.Open();
        _loaded.TrySetResult();
        return Task.CompletedTask;
    }
}
