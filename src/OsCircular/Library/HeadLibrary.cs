using Microsoft.Extensions.Logging;
using OsCircular.Blocks;
using OsCircular.Cache;
using OsCircular.Indexes;
using OsCircular.Indexes.Signing;
using OsCircular.Sources;

namespace OsCircular.Library;

/// <summary>
/// The adopted head: which images and versions there are. Readers take <see cref="Current"/> and never wait; a newer head is swapped in
/// when it is verified, its manifest and index roots are in hand, and it is on disk. Thread-safe.
/// </summary>
public sealed class HeadLibrary : IDisposable
{
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);

    /// <summary>Peers are met within moments, and asking one costs the uplink nothing.</summary>
    private static readonly TimeSpan PeerPause = TimeSpan.FromMilliseconds(200);

    /// <summary>
    /// With a head adopted before, a start looks at the mirrors no longer than this, a third of it for their heads: enough to notice a mirror of another
    /// repository and to come up with the newest version; no network at all fails faster.
    /// </summary>
    private static readonly TimeSpan FirstLook = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan OpenLimit = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _turn = new(1, 1); // one refresh at a time
    private readonly MinisignPublicKey _key;
    private readonly TrustStore _store;
    private readonly HeadLoader _loader;
    private readonly IReadOnlyList<IHeadSource> _mirrors;
    private readonly IHeadSources? _peers;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    // Written only by whoever has the turn (or by opening).
    private Trust? _trust;
    private volatile AdoptedHead? _current;
    private volatile LibraryStatus _status = new(null, null, null, Saved: true, []);

    private HeadLibrary(
        MinisignPublicKey key, TrustStore store, IDocumentSource documents, IReadOnlyList<IHeadSource> mirrors, IHeadSources? peers, TimeProvider time, ILogger<HeadLibrary> logger)
    {
        _peers = peers;
        _key = key;
        _store = store;
        _loader = new HeadLoader(documents);
        _mirrors = mirrors;
        _time = time;
        _logger = logger;
    }

    /// <summary>The newest known state; null until <see cref="StartAsync"/> has returned. Never goes back.</summary>
    public AdoptedHead? Current => _current;

    /// <summary>Raised after <see cref="Current"/> changed, on the refreshing task. Handlers must be quick and not throw.</summary>
    public event Action<AdoptedHead>? Adopted;

    public LibraryStatus Status
    {
        get
        {
            LibraryStatus status = _status;
            AdoptedHead? adopted = _current;
            bool stale = adopted is not null && adopted.Head.ExpiresAt <= _time.GetUtcNow();
            return status with { Adopted = adopted, StaleSince = stale ? adopted!.Head.ExpiresAt : null };
        }
    }

    /// <summary>Reads what the cache knows. Asks no mirror for a head.</summary>
    /// <param name="key">The publisher's.</param>
    /// <param name="head">The cache's <c>head.minisig</c>.</param>
    /// <param name="trust">The cache's <c>agent/trust.json</c>, of <see cref="Trust.MaxLength"/>.</param>
    /// <param name="documents">The cache first, then mirrors; what it fetches, it also stores durably.</param>
    /// <param name="mirrors">Whoever may have a newer head; may be none.</param>
    /// <param name="time">Of expiry and every wait.</param>
    /// <param name="peers">Members that may have one; null where there are none to be had.</param>
    /// <exception cref="UserError">The cache is bound to another key, or its trust record cannot be read.</exception>
    public static async Task<HeadLibrary> OpenAsync(
        MinisignPublicKey key,
        StateFile head,
        StateFile trust,
        IDocumentSource documents,
        IReadOnlyList<IHeadSource> mirrors,
        TimeProvider time,
        ILogger<HeadLibrary> logger,
        CancellationToken cancellationToken,
        IHeadSources? peers = null)
    {
        TrustStore store = new(key, head, trust);
        HeadLibrary library = new(key, store, documents, mirrors, peers, time, logger) { _trust = store.LoadTrust() };
        (Head? kept, HeadRefusal? refusal) = store.LoadHead(library._trust, time.GetUtcNow());
        if (kept is not null)
        {
            (Manifest? manifest, refusal) = await library._loader.LoadManifestAsync(kept, Deadline.In(OpenLimit, time), cancellationToken);
            if (manifest is not null) library.TakeUp(kept, manifest, isSaved: library._trust?.Sequence == kept.Sequence);
        }

        cancellationToken.ThrowIfCancellationRequested();
        if (refusal is not null) logger.OwnHeadUnusable(refusal.Message);
        return library;
    }

    /// <summary>Sees to it that there is a head: at once where one was adopted before, else as soon as a mirror yields one.</summary>
    /// <param name="limit">How long to go on asking mirrors that may yet answer.</param>
    /// <exception cref="UserError">No head could be had (each mirror is named with its cause), or every mirror that answers has another repository.</exception>
    public async Task<AdoptedHead> StartAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        Deadline deadline = Deadline.In(limit, _time);
        bool hadHead = _current is not null;
        for (;;)
        {
            IReadOnlyList<MirrorHead> answers = await AskAsync(hadHead ? FirstLook : deadline.Remaining, cancellationToken);
            if (hadHead && IsOfAnotherRepository(answers)) throw NoHead(answers, "These mirrors are not of the repository in this cache.");
            if (_current is { } adopted)
            {
                // Not sooner: where the start fails, its error says the same.
                LogProblems([], answers);
                return adopted;
            }

            if (_mirrors.Count == 0 && _peers is null) throw new UserError("No head was adopted in this cache before, and there is no mirror to ask: give at least one --mirror.");

            // Where mirrors have said no, peers still get a moment: longer only where there is nobody else to ask.
            bool mayCome = _peers is not null && (_mirrors.Count == 0 || limit - deadline.Remaining < FirstLook);
            if (!mayCome && !answers.Any(answer => answer.MayPass)) throw NoHead(answers, "No mirror has a head that can be adopted.");
            TimeSpan pause = _peers is null ? RetryPause : PeerPause;
            if (deadline.Remaining <= pause) throw NoHead(answers, NoneInTime(limit));
            await Task.Delay(pause, _time, cancellationToken);
        }
    }

    /// <summary>Asks every mirror for its head and adopts the highest acceptable one that is whole. Refusals are logged when they are new.</summary>
    /// <param name="limit">For all of it; heads get a third.</param>
    /// <returns>What each mirror said.</returns>
    public async Task<LibraryStatus> RefreshAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        IReadOnlyList<MirrorHead> before = _status.Mirrors;
        LogProblems(before, await AskAsync(limit, cancellationToken));
        return Status;
    }

    /// <summary>Says whether a head that somebody carried here may be adopted, or already is: by the rules for every head.</summary>
    /// <param name="head">Its comment's signature is verified.</param>
    /// <param name="evenExpired">Whether the one who carried it takes it in spite of its expiry.</param>
    public HeadRefusal? Judge(Head head, bool evenExpired) => Adoption.Judge(_trust, head, evenExpired ? DateTimeOffset.MinValue : _time.GetUtcNow());

    /// <summary>Adopts a head that somebody carried here, by the same rules and with the same things in hand as one of a mirror.</summary>
    /// <inheritdoc cref="Judge"/>
    /// <param name="head"/>
    /// <param name="evenExpired"/>
    /// <param name="limit">For what of it is not in the cache, and for the turn.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <returns>Null: it is adopted. Else why it is not.</returns>
    public async Task<HeadRefusal?> AdoptAsync(Head head, bool evenExpired, TimeSpan limit, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            if (Judge(head, evenExpired) is { } refusal) return refusal;
            if (_current?.Head.Sequence == head.Sequence) return null;
            Deadline deadline = Deadline.In(limit, _time);
            (Manifest? manifest, HeadRefusal? lack) = await _loader.LoadManifestAsync(head, deadline, cancellationToken);
            if (manifest is not null) lack = await _loader.LoadRootsAsync(manifest, _current?.Manifest, deadline, cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
            if (lack is null) TakeUp(head, manifest!, isSaved: false);
            return lack;
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();

    private async Task<IReadOnlyList<MirrorHead>> AskAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            Deadline deadline = Deadline.In(limit, _time);
            IReadOnlyList<MirrorHead> answers = await SurveyAsync(Deadline.In(limit / 3, _time), cancellationToken);
            answers = await AdoptBestAsync(Adoption.JudgeAll(_trust, answers, _time.GetUtcNow()), deadline, cancellationToken);
            bool saved = _current is null || _status.Saved || TrySave(_current);
            _status = new LibraryStatus(null, _time.GetUtcNow(), null, saved, answers);
            return answers;
        }
        finally
        {
            _turn.Release();
        }
    }

    // A group may hold members of other repositories: what a peer has that is not of this publisher, or not of the mirrors' repository, is none of our business.
    private async Task<IReadOnlyList<MirrorHead>> SurveyAsync(Deadline deadline, CancellationToken cancellationToken)
    {
        IReadOnlyList<IHeadSource> all = _peers is null ? _mirrors : [.. _mirrors, .. _peers.Now];
        IReadOnlyList<MirrorHead> answers = await HeadSurvey.AskAsync(all, _trust?.Keys ?? KeyRing.Of(_key), deadline, cancellationToken);
        RepositoryId? ours = _trust?.Repository ?? answers.Take(_mirrors.Count).FirstOrDefault(answer => answer.IsAcceptable)?.Head!.Repository;
        return [.. answers.Where((answer, i) => i < _mirrors.Count || (answer.IsAcceptable && (ours is null || answer.Head!.Repository == ours)))];
    }

    private async Task<IReadOnlyList<MirrorHead>> AdoptBestAsync(IReadOnlyList<MirrorHead> answers, Deadline deadline, CancellationToken cancellationToken)
    {
        foreach (Head head in Adoption.Candidates(answers))
        {
            if (_current?.Head.Sequence == head.Sequence) break;
            (Manifest? manifest, HeadRefusal? refusal) = await _loader.LoadManifestAsync(head, deadline, cancellationToken);
            if (manifest is not null) refusal = await _loader.LoadRootsAsync(manifest, _current?.Manifest, deadline, cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
            if (refusal is null)
            {
                TakeUp(head, manifest!, isSaved: false);
                break;
            }

            answers = [.. answers.Select(answer => answer.IsAcceptable && answer.Head!.Sequence == head.Sequence ? answer with { Refusal = refusal } : answer)];
        }

        return answers;
    }

    private void TakeUp(Head head, Manifest manifest, bool isSaved)
    {
        bool isKnown = _trust?.Sequence == head.Sequence;
        DateTimeOffset now = _time.GetUtcNow();
        AdoptedHead adopted = new(head, manifest, isKnown ? _trust!.Adopted : now.AddTicks(-(now.Ticks % TimeSpan.TicksPerSecond)));
        _status = _status with { Saved = isSaved || TrySave(adopted) };
        _trust = Trust.In(_key, adopted);
        _current = adopted;
        _logger.HeadAdopted(head.Sequence, head.Repository, head.Manifest.ToString());
        Adopted?.Invoke(adopted);
    }

    // A failing disk must not stop the service: the head is then adopted in memory, and saving it is tried again at the next refresh.
    private bool TrySave(AdoptedHead adopted)
    {
        try
        {
            _store.Save(adopted);
            return true;
        }
        catch (IOException e)
        {
            _logger.HeadNotSaved(adopted.Head.Sequence, e.Message);
            return false;
        }
    }

    private void LogProblems(IReadOnlyList<MirrorHead> before, IReadOnlyList<MirrorHead> answers)
    {
        foreach (MirrorHead answer in answers)
        {
            if (answer.Problem is not { } problem || before.Any(old => old.Mirror == answer.Mirror && old.Problem == problem)) continue;
            LogLevel level = answer.Refusal?.Reason is HeadRefusalReason.LowerSequence or HeadRefusalReason.Incomplete ? LogLevel.Information : LogLevel.Warning;
            _logger.MirrorProblem(level, answer.Mirror, problem);
        }
    }

    private static bool IsOfAnotherRepository(IReadOnlyList<MirrorHead> answers)
    {
        MirrorHead[] heads = [.. answers.Where(answer => answer.Head is not null)];
        return heads.Length > 0 && heads.All(answer => answer.Refusal?.Reason == HeadRefusalReason.OtherRepository);
    }

    private string NoneInTime(TimeSpan limit) => _peers is null
        ? $"No head could be had within {limit.TotalSeconds:0.#} s; check the mirrors' addresses and the network."
        : $"No head could be had within {limit.TotalSeconds:0.#} s, neither from a mirror nor from a peer: give a --mirror that answers, or a --peer that holds the image.";

    private static UserError NoHead(IReadOnlyList<MirrorHead> answers, string summary) =>
        new($"{summary} {string.Join("; ", answers.Where(answer => answer.Problem is not null).Select(answer => $"{answer.Mirror}: {answer.Problem}"))}");
}
