using System.Collections.Concurrent;
using System.Net;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using OsCircular.Peers.Client;
using OsCircular.Peers.Discovery;
using OsCircular.Sources;
using OsCircular.Sources.Transfers;

namespace OsCircular.Peers.Membership;

/// <summary>
/// Greets whoever is found, over HTTP, so that both know each other, and each other's peers. However much is found, little is asked: a few greetings at one time,
/// one address not again for some seconds, and no more waiting than a room has hosts.
/// </summary>
internal sealed class Greeter : IPeerFinds
{
    private const int Parallelism = 8;
    private const int MaxWaiting = 256;
    private const int MaxRemembered = 1024;
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan MaxJitter = TimeSpan.FromMilliseconds(40);

    private readonly PeerSet _peers;
    private readonly PeerAccess _access;
    private readonly Func<IPEndPoint, PeerLanes> _open;
    private readonly Action<IPEndPoint, PeerHello, string> _met;
    private readonly ILogger _logger;
    private readonly Channel<(IPEndPoint Address, PeerFindSource Source)> _finds =
        Channel.CreateBounded<(IPEndPoint, PeerFindSource)>(new BoundedChannelOptions(MaxWaiting) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly ConcurrentDictionary<IPEndPoint, Greeted> _greeted = new();

    /// <param name="open">Connections to an address; ended here.</param>
    /// <param name="met">Told of whoever answered.</param>
    public Greeter(PeerSet peers, PeerAccess access, Func<IPEndPoint, PeerLanes> open, Action<IPEndPoint, PeerHello, string> met, ILogger logger)
    {
        _peers = peers;
        _access = access;
        _open = open;
        _met = met;
        _logger = logger;
    }

    /// <summary>Nobody has been found yet who could be greeted.</summary>
    public bool IsQuiet => _greeted.IsEmpty && _finds.Reader.Count == 0;

    /// <inheritdoc/>
    public void Found(IPEndPoint address, PeerFindSource source)
    {
        IPEndPoint plain = Plain(address);
        if (plain.Port == 0 || !IsDue(plain) || (_peers.Members.TryFind(plain, out Member? member) && member.IsAlive)) return;
        _finds.Writer.TryWrite((plain, source));
    }

    /// <inheritdoc/>
    public void Leaving(IPEndPoint address)
    {
        if (_peers.Members.TryFind(Plain(address), out Member? member)) member.Wake();
    }

    /// <summary>Greets until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Parallel.ForEachAsync(
                _finds.Reader.ReadAllAsync(cancellationToken),
                new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellationToken },
                async (find, token) => await GreetAsync(find.Address, find.Source, token).ConfigureAwait(false)).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }
    }

    /// <summary>Addresses that the user or a tracker named are tried again where nobody answered: the host may only not have started yet. Until cancelled.</summary>
    public async Task FindAgainAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            await Task.Delay(PollRule.FirstRetry, _peers.Time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            foreach ((IPEndPoint address, Greeted greeted) in _greeted)
            {
                if (greeted.Failures > 0 && greeted.Source is not (PeerFindSource.Beacon or PeerFindSource.Peers)) Found(address, greeted.Source);
            }
        }
    }

    /// <summary>
    /// Asks now one member, now another, whom it knows: whoever was missed, because a beacon or a greeting was lost, is found so, and all come to rank the same
    /// homes. Until cancelled.
    /// </summary>
    public async Task ExchangeAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            TimeSpan pause = PollRule.ExchangePause(_peers.Members.SinceChange, _peers.Draw());
            await Task.Delay(pause, _peers.Time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Member[] all = _peers.Members.All;
            if (all.Length == 0 || cancellationToken.IsCancellationRequested) continue;
            Member member = all[(int)(_peers.Draw() * all.Length)];
            if (!member.IsUsable) continue;
            BodyBuffer body = BodyBuffer.UpTo(PeersDocument.MaxLength, _peers.Time);
            PeerAnswer answer = await member.Link.LookAsync("/peers", body, AnswerLimit, cancellationToken).ConfigureAwait(false);
            if (answer.Error == SourceError.None) FoundAt(member.Address, body);
        }
    }

    // A whole list of peers comes in one piece after the first byte.
    private TimeSpan AnswerLimit => _peers.Patience.Silence + TimeSpan.FromSeconds(1);

    private bool IsDue(IPEndPoint address)
    {
        if (!_greeted.TryGetValue(address, out Greeted greeted)) return true;
        TimeSpan pause = greeted.IsSelf ? TimeSpan.MaxValue : greeted.Failures == 0 ? Again : PollRule.Pause(greeted.Failures, TimeSpan.MaxValue, 1, _peers.Options, 0.5);
        return _peers.Time.GetElapsedTime(greeted.At) >= pause;
    }

    private async Task GreetAsync(IPEndPoint address, PeerFindSource source, CancellationToken cancellationToken)
    {
        // Found twice before it was greeted once.
        if (!IsDue(address)) return;
        int failures = _greeted.TryGetValue(address, out Greeted before) ? before.Failures : 0;
        if (_greeted.Count >= MaxRemembered) _greeted.Clear();
        _greeted[address] = new Greeted(_peers.Time.GetTimestamp(), source, failures);
        if (!_access.MayBeMember(address.Address))
        {
            _greeted[address] = new Greeted(_peers.Time.GetTimestamp(), source, failures + 1);
            if (failures == 0 && source == PeerFindSource.Configured) _logger.PeerNotTaken(address.ToString(), "it is in no directly connected subnet, and without --group-key nobody else can be trusted");
            return;
        }

        // All hosts of a room hear one beacon at the same moment.
        if (source == PeerFindSource.Beacon) await Task.Delay(MaxJitter * _peers.Draw(), _peers.Time, cancellationToken).ConfigureAwait(false);
        using PeerLanes lanes = _open(address);
        BodyBuffer body = BodyBuffer.UpTo(PeersDocument.MaxLength, _peers.Time);
        PeerAnswer answer = await lanes.GetAsync(new PeerAsk("/peers", WithHello: true), body, AnswerLimit, cancellationToken).ConfigureAwait(false);
        bool good = answer.Error == SourceError.None && answer.Hello is not null;
        bool isSelf = good && answer.Hello!.Id == _peers.Hello().Id;
        _greeted[address] = new Greeted(_peers.Time.GetTimestamp(), source, good ? 0 : failures + 1, isSelf);
        if (!good) _logger.GreetingFailed(address.ToString(), answer.Error, answer.Detail);
        if (!good || isSelf) return;

        _met(address, answer.Hello!, $"found by {source.ToString().ToLowerInvariant()}");
        FoundAt(address, body);
    }

    private void FoundAt(IPEndPoint address, BodyBuffer peers)
    {
        foreach (IPEndPoint other in PeersDocument.Read(peers.Written.Span))
        {
            // Another host's loopback is not this one's.
            if (!IPAddress.IsLoopback(other.Address) || IPAddress.IsLoopback(address.Address)) Found(other, PeerFindSource.Peers);
        }
    }

    private static IPEndPoint Plain(IPEndPoint address) =>
        address.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(address.Address.MapToIPv4(), address.Port) : address;

    private readonly record struct Greeted(long At, PeerFindSource Source, int Failures, bool IsSelf = false);
}
