namespace OsCircular.Sources.Transfers;

/// <summary>Hedges as a share of requests, so that a line that is slow for all is not asked twice for everything. Thread-safe.</summary>
internal sealed class HedgeBudget
{
    private const double Most = 5;

    private readonly double _share;
    private readonly Lock _lock = new();
    private double _saved;

    public HedgeBudget(double share)
    {
        _share = share;
        _saved = share > 0 ? Most : 0;
    }

    public void Earn()
    {
        lock (_lock) _saved = Math.Min(Most, _saved + _share);
    }

    public bool TrySpend()
    {
        lock (_lock)
        {
            if (_saved < 1) return false;
            _saved--;
            return true;
        }
    }
}
