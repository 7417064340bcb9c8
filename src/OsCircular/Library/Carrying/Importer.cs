using Microsoft.Extensions.Logging;
using OsCircular.Blocks;
using OsCircular.Cache;
using OsCircular.Indexes.Signing;

namespace OsCircular.Library.Carrying;

/// <summary>What an import works with; all of it outlives the <see cref="Importer"/>.</summary>
/// <param name="Cache">The cache to fill.</param>
/// <param name="Library">What it has adopted.</param>
/// <param name="Key">The publisher's.</param>
/// <param name="Time">Of every wait.</param>
public sealed record ImportParts(BlockCache Cache, HeadLibrary Library, MinisignPublicKey Key, TimeProvider Time);

/// <summary>
/// Takes exports into a cache. Nothing of one is taken before its head and manifest are verified and may be adopted; then each file as it comes, verified, and only
/// what its versions can need. What is held is passed over, so an import that was stopped goes on where it was when it is run again. What is damaged is left out and
/// named. Thread-safe; one import at a time.
/// </summary>
public sealed class Importer(ImportParts parts, ILogger<Importer> logger) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);

    /// <param name="path">The export.</param>
    /// <param name="allowExpired">Whether its head is adopted in spite of its expiry.</param>
    /// <param name="progress">Told of each file.</param>
    /// <param name="cancellationToken">Stops it; what was taken stays.</param>
    /// <exception cref="UserError">
    /// It is no export, its head may not be adopted, head or manifest are damaged (<see cref="UserError.DamageFound"/>), the cache has no room, or another import is
    /// under way.
    /// </exception>
    public async Task<ImportResult> ImportAsync(string path, bool allowExpired, IProgress<CarryProgress>? progress, CancellationToken cancellationToken)
    {
        if (!await _turn.WaitAsync(TimeSpan.Zero, cancellationToken)) throw new UserError("another import into this cache is under way; wait for it, and try again");
        try
        {
            using ExportReader export = await ExportReader.OpenAsync(path, cancellationToken);
            using ImportJob job = new(parts, path, export, progress);
            ImportResult result = await job.RunAsync(allowExpired, cancellationToken);
            CarryingLog.Imported(logger, path, result.Sequence, result.Blocks, result.BlockBytes, result.DamagedCount);
            return result;
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();
}
