using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace OsCircular.Peers.Discovery;

/// <summary>The peers that the user named. Their names are looked up again and again, for addresses change and a name server may be late.</summary>
public sealed class ConfiguredPeers
{
    /// <summary>Between two rounds of looking up.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(60);

    /// <summary>A look-up is given up after this.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    /// <summary>Of one name; further ones are passed over.</summary>
    public const int MostAddresses = 64;

    private readonly IPeerFinds _finds;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Func<string, CancellationToken, Task<IPAddress[]>> _resolve;
    private readonly (PeerAddressText Peer, LastSaid Said)[] _peers;

    public ConfiguredPeers(IEnumerable<PeerAddressText> peers, IPeerFinds finds, TimeProvider time, ILogger logger)
        : this(peers, finds, time, logger, Dns.GetHostAddressesAsync)
    {
    }

    /// <param name="resolve">The addresses of a host; fails with a <see cref="SocketException"/>.</param>
    internal ConfiguredPeers(
        IEnumerable<PeerAddressText> peers, IPeerFinds finds, TimeProvider time, ILogger logger, Func<string, CancellationToken, Task<IPAddress[]>> resolve)
    {
        _peers = [.. peers.Select(peer => (peer, new LastSaid()))];
        _finds = finds;
        _time = time;
        _logger = logger;
        _resolve = resolve;
    }

    /// <summary>Looks until cancelled, and then completes without an error. Once.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (_peers.Length == 0) return;
        try
        {
            for (;;)
            {
                // Side by side: one name that nobody answers for must not hold up the others.
                await Task.WhenAll(_peers.Select(each => FindAsync(each.Peer, each.Said, cancellationToken)));
                await Task.Delay(Interval, _time, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }
    }

    private async Task FindAsync(PeerAddressText peer, LastSaid said, CancellationToken cancellationToken)
    {
        if (peer.Address is { } literal)
        {
            _finds.Found(new IPEndPoint(literal, peer.Port), PeerFindSource.Configured);
            return;
        }

        try
        {
            // The system's resolver cannot be interrupted; it ends by its own limits, unheard.
            IPAddress[] addresses = await _resolve(peer.Host, cancellationToken).WaitAsync(Limit, _time, cancellationToken);
            foreach (IPAddress address in addresses.Take(MostAddresses)) _finds.Found(new IPEndPoint(address, peer.Port), PeerFindSource.Configured);
            string text = string.Join(", ", addresses.Take(MostAddresses).Select(address => address.ToString()).Order(StringComparer.Ordinal));
            if (text.Length == 0) Fails(peer, said, "the name has no address");
            else if (said.Changes(text)) _logger.PeerResolved(peer.ToString(), text);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            Fails(peer, said, e is TimeoutException ? $"no answer within {Limit.TotalSeconds} s" : e.Message);
        }
    }

    private void Fails(PeerAddressText peer, LastSaid said, string problem)
    {
        if (said.Changes("failed: " + problem)) _logger.PeerNotResolved(peer.ToString(), Interval.TotalSeconds, problem);
    }
}
