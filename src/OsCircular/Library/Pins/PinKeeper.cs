using Microsoft.Extensions.Logging;
using OsCircular.Blocks;
using OsCircular.Cache;
using OsCircular.Indexes;
using OsCircular.Library.Filling;

namespace OsCircular.Library.Pins;

/// <summary>
/// Keeps what is pinned: tells the cache which blocks never to evict, has the filler bring in what is missing, again after every restart, and follows an image to
/// its newest version. Until the pins of the last run are known again, the cache evicts nothing. Thread-safe.
/// </summary>
/// <remarks>
/// A new version of a pinned image is pinned beside the old one, which stays until all of the new one is held; where the quota has not room for both, the old
/// one is let go first; where it has not room for the new one at all, the old one stays and the problem is told. Each step is saved before it counts.
/// </remarks>
public sealed partial class PinKeeper : IAsyncDisposable
{
    /// <summary>How often it is looked whether anything pinned is missing.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    /// <summary>How often what could not be kept is tried again, unless something happens before.</summary>
    public static readonly TimeSpan RefusedInterval = TimeSpan.FromMinutes(5);

    private readonly FillParts _parts;
    private readonly Filler _filler;
    private readonly StateFile _file;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _running;

    // Written by whoever has the turn; read by anyone.
    private volatile IReadOnlyList<Standing> _standings;
    private volatile string? _trouble;
    private volatile TaskCompletionSource _wanted = New();

    // Of whoever has the turn: whether the file was read, and why not. Until then what is pinned is unknown, and so the cache evicts nothing.
    private bool _isRead;
    private string _unread = "";

    // Both of whoever has the turn: whether the cache knows exactly what these pins need, and when all that is missing was last to be brought in.
    private volatile bool _isApplied;
    private long? _filled;

    /// <param name="parts">As the filler's.</param>
    /// <param name="filler">Brings in what is missing.</param>
    /// <param name="file">Of <see cref="PinBook.FileOf"/>.</param>
    /// <param name="logger">For events 460 to 465.</param>
    public PinKeeper(FillParts parts, Filler filler, StateFile file, ILogger<PinKeeper> logger)
    {
        _parts = parts;
        _filler = filler;
        _file = file;
        _logger = logger;
        _standings = [];
        Load();
        filler.Ended += Look;
        _running = RunAsync();
    }

    /// <summary>Every pin, in the order in which they were made.</summary>
    public IReadOnlyList<PinStatus> Status => [.. _standings.Select(StatusOf)];

    /// <summary>What is wrong with all of them together, in one clause; null where nothing is.</summary>
    public string? Trouble => _trouble;

    /// <summary>The versions that pins keep, those among them that the manifest has no more: for whoever decides what stays to be seen.</summary>
    public IReadOnlyList<(ImageName Image, ManifestVersion Version)> Versions =>
        [.. _standings.SelectMany(Targets).Select(target => (target.Image, target.Version)).DistinctBy(kept => (kept.Image, kept.Version.Name))];

    /// <summary>Has it look now: a newer head was adopted, say. Quick.</summary>
    public void Look() => _wanted.TrySetResult();

    /// <summary>Pins; where it is pinned already, changes nothing.</summary>
    /// <returns>Where it stands now: filling has begun where anything is missing.</returns>
    /// <exception cref="UserError">No such version, no room, no index to go by, too many pins, or it cannot be saved. Nothing is changed then.</exception>
    public async Task<PinStatus> PinAsync(Pin pin, CancellationToken cancellationToken)
    {
        using CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _ending.Token);
        await _turn.WaitAsync(ending.Token).ConfigureAwait(false);
        try
        {
            if (!Load()) throw new UserError(_unread);
            if (_standings.FirstOrDefault(standing => standing.Pin == pin) is { } known) return StatusOf(known);
            if (_standings.Count >= PinBook.MaxPins) throw new UserError($"{PinBook.MaxPins} pins are the most for one cache; unpin something first");
            if (PinRule.Target(pin, kept: null, _parts.Manifest()) is not { } version) throw new UserError($"{pin} is not on offer; see: oscircular list");
            Standing added = new(pin, version);
            (string? problem, PinnedBlocks? all) = await MeasureAsync(_standings, added, ending.Token).ConfigureAwait(false);
            if (all is null) throw new UserError($"{problem}; nothing is changed");
            Change([.. _standings, added]);
            Apply(all);
            PinLog.Pinned(_logger, pin);
            Fill(added);
            return StatusOf(added);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Takes a pin back: what it kept may be evicted, and the filling that it began ends.</summary>
    /// <exception cref="UserError">There is no such pin, or it cannot be saved.</exception>
    public async Task<PinStatus> UnpinAsync(Pin pin, CancellationToken cancellationToken)
    {
        using CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _ending.Token);
        await _turn.WaitAsync(ending.Token).ConfigureAwait(false);
        try
        {
            if (!Load()) throw new UserError(_unread);
            if (_standings.FirstOrDefault(standing => standing.Pin == pin) is not { } known) throw NotPinned(pin, _standings.Select(standing => standing.Pin));
            PinStatus last = StatusOf(known);
            Change([.. _standings.Where(standing => standing != known)]);
            foreach (FillTarget target in Targets(known).Where(target => !IsWanted(target))) _ = _filler.Stop(target);
            PinLog.Unpinned(_logger, pin);
            _isApplied = false;
            await ApplyAsync(ending.Token).ConfigureAwait(false);
            return last;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Where a pin stands.</summary>
    /// <exception cref="UserError">There is no such pin.</exception>
    public PinStatus Find(Pin pin) => Status.FirstOrDefault(status => status.Pin == pin) ?? throw NotPinned(pin, _standings.Select(standing => standing.Pin));

    /// <summary>The pin because of which this version is filled, if there is one.</summary>
    public Pin? PinOf(VersionReference reference, bool profileOnly) => _standings
        .FirstOrDefault(standing => Targets(standing).Any(target =>
            target.Image == reference.Image && target.ProfileOnly == profileOnly && (reference.Version is not { } version || target.Version.Name == version)))?.Pin;

    /// <summary>Says that there is no such pin, and which there are.</summary>
    public static UserError NotPinned(Pin pin, IEnumerable<Pin> pins)
    {
        string others = string.Join(", ", pins);
        return new UserError($"{pin} is not pinned; {(others.Length == 0 ? "nothing is" : $"pinned are: {others}")}");
    }

    public async ValueTask DisposeAsync()
    {
        _filler.Ended -= Look;
        await _ending.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
        _ending.Dispose();
        _turn.Dispose();
    }

    // Once is enough, but what could not be read is read again: it may have been restored, or taken away.
    private bool Load()
    {
        if (_isRead) return true;
        try
        {
            _standings = [.. PinBook.Load(_file).Select(entry => new Standing(entry.Pin, entry.Kept))];
            _isRead = true;
        }
        catch (UserError e)
        {
            _unread = e.Message;
            Tell($"{e.Message}; until then nothing is evicted");
        }

        return _isRead;
    }

    // Saved first: what could not be saved is not promised.
    private void Change(IReadOnlyList<Standing> standings)
    {
        PinBook.Save(_file, [.. standings.Select(standing => new PinEntry(standing.Pin, standing.Kept))]);
        _standings = standings;
    }

    private PinStatus StatusOf(Standing standing)
    {
        FillTarget? target = Targets(standing).LastOrDefault();
        FillProgress? fill = target is null ? null : ProgressOf(target);
        PinState state = target is null ? PinState.Waiting : IsHeld(target, fill) ? PinState.Held : fill?.State is FillState.Filling or FillState.Pausing ? PinState.Filling : PinState.Waiting;
        return new PinStatus(standing.Pin, standing.Kept?.Name, standing.Next?.Name, state, standing.Problem, fill);
    }

    private bool IsHeld(FillTarget target, FillProgress? fill) =>
        target.Version.Index is null
        || (target.ProfileOnly && target.Version.Profile is null)
        || (_parts.Cache.Loaded.IsCompleted && _isApplied && _parts.Cache.Blocks.PinnedAndMissing == 0)
        || fill?.State == FillState.Done;

    private FillProgress? ProgressOf(FillTarget target) => _filler.Progress.LastOrDefault(
        fill => fill.Image == target.Image && fill.Version == target.Version.Name && fill.ProfileOnly == target.ProfileOnly);

    private bool IsWanted(FillTarget target) => _standings.SelectMany(Targets).Any(target.IsSameAs);

    private static IEnumerable<FillTarget> Targets(Standing standing)
    {
        if (standing.Kept is { } kept) yield return new FillTarget(standing.Pin.Reference.Image, kept, standing.Pin.ProfileOnly);
        if (standing.Next is { } next) yield return new FillTarget(standing.Pin.Reference.Image, next, standing.Pin.ProfileOnly);
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>A pin as it stands; replaced whole.</summary>
    private sealed record Standing(Pin Pin, ManifestVersion? Kept, ManifestVersion? Next = null, string? Problem = null);
}
