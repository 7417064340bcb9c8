using System.Collections;
using OsCircular.Blocks;
using OsCircular.Sources;

namespace OsCircular.Publishing;

/// <summary>The block files that the versions of a manifest need, with the lengths of their blocks, and which of them were met. Filled by one thread, then asked by many.</summary>
internal sealed class NeededBlocks
{
    private readonly KnownBlocks _rows = new();
    private readonly List<int> _lengths = [];
    private readonly Lock _gate = new(); // guards _met
    private BitArray _met = new(0);

    public void Add(in BlockRow row, int blockLength)
    {
        _rows.Add(row, out _);
        if (_rows.Count > _lengths.Count) _lengths.Add(blockLength);
    }

    /// <summary>Finds the row that needs a block file.</summary>
    public bool TryFind(BlockName name, out DamagedBlock block)
    {
        bool found = _rows.TryFind(name, out int number, out BlockRow row);
        block = found ? new DamagedBlock(row, _lengths[number]) : default;
        return found;
    }

    /// <summary>Finds the row that needs a block file, and notes that it was met.</summary>
    public bool TryMeet(BlockName name, out BlockRow row, out int blockLength)
    {
        blockLength = 0;
        if (!_rows.TryFind(name, out int number, out row)) return false;
        blockLength = _lengths[number];
        lock (_gate)
        {
            if (_met.Length < _rows.Count) _met.Length = _rows.Count;
            _met[number] = true;
        }

        return true;
    }

    public void ReportMissing(VerifyReport report)
    {
        _met.Length = _rows.Count;
        for (int number = 0; number < _rows.Count; number++)
        {
            if (!_met[number]) report.Add(RepositoryPaths.Block(_rows[number].Name), IndexWalk.Missing, DamageKind.Missing);
        }
    }
}
