namespace OsCircular.Publishing;

/// <summary>Collects what a verification finds; thread-safe, bounded.</summary>
internal sealed class VerifyReport
{
    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, Damage> _damage = new(StringComparer.Ordinal);
    private readonly long[] _counts = new long[Enum.GetValues<DamageKind>().Length];
    private long _documents;
    private long _blocks;
    private long _unusedBlocks;
    private long _bytes;

    public VerifyProgress Progress => new(Interlocked.Read(ref _documents) + Interlocked.Read(ref _blocks), Interlocked.Read(ref _bytes));

    public void CountDocument(long bytes)
    {
        Interlocked.Increment(ref _documents);
        Interlocked.Add(ref _bytes, bytes);
    }

    public void CountBlock(long bytes, bool used)
    {
        Interlocked.Increment(ref _blocks);
        Interlocked.Add(ref _bytes, bytes);
        if (!used) Interlocked.Increment(ref _unusedBlocks);
    }

    /// <summary>Notes one fault for each path: a second look at the same file says nothing new.</summary>
    public void Add(string path, string fault, DamageKind kind = DamageKind.Damaged)
    {
        lock (_gate)
        {
            if (_damage.ContainsKey(path)) return;
            _counts[(int)kind]++;
            if (_damage.Count < VerifySurvey.MaxDamage) _damage.Add(path, new Damage(path, kind, fault));
        }
    }

    /// <summary>The first of the damage, ordered by path; at most <see cref="VerifySurvey.MaxDamage"/>.</summary>
    public IReadOnlyList<Damage> Damage
    {
        get
        {
            lock (_gate) return [.. _damage.Values];
        }
    }

    public VerifyResult ToResult(bool signature, int versions, TimeSpan elapsed) =>
        new(signature, versions, _documents, _blocks, _unusedBlocks, _bytes, _counts.Sum(), _counts[(int)DamageKind.Missing], _counts[(int)DamageKind.Foreign],
            [.. _damage.Values.Take(VerifyResult.MaxListed)], elapsed);
}
