using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace OsCircular.Peers.Discovery;

/// <summary>
/// Beacons over one family of addresses: joins the group on every interface that members may be on, those that come later too, speaks there by its schedule and
/// hears. A socket that fails is opened again after a while.
/// </summary>
/// <param name="own">What it says; a hello.</param>
/// <param name="random">Of this channel alone.</param>
internal sealed class BeaconChannel(
    AddressFamily family, Beacon own, BeaconFilter filter, Neighbours neighbours, IPeerFinds finds, TimeProvider time, Random random, ILogger logger)
{
    /// <summary>How often the interfaces are looked at, and how long a socket that failed is left alone.</summary>
    public static readonly TimeSpan Look = TimeSpan.FromSeconds(5);

    /// <summary>The agent's end waits no longer for its good-bye.</summary>
    private static readonly TimeSpan GoodbyeLimit = TimeSpan.FromMilliseconds(100);

    private readonly Dictionary<int, BeaconSchedule> _schedules = [];
    private readonly Dictionary<int, string> _joined = [];
    private readonly LastSaid _problem = new();
    private readonly LastSaid _where = new();

    /// <summary>Runs until cancelled, and then completes without an error.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            for (;;)
            {
                try
                {
                    using var socket = new MulticastSocket(family);
                    _joined.Clear();
                    await UseAsync(socket, cancellationToken);
                }
                catch (Exception e) when (e is not OperationCanceledException)
                {
                    if (_problem.Changes(e.Message)) logger.NoMulticast(Family, e.Message);
                    _where.Changes(null);
                }

                await Task.Delay(Look, time, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }
    }

    private string Family => family == AddressFamily.InterNetwork ? "IPv4" : "IPv6";

    private async Task UseAsync(MulticastSocket socket, CancellationToken cancellationToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task[] tasks = [HearAsync(socket, end.Token), SpeakAsync(socket, end.Token)];
        await Task.WhenAny(tasks);
        await end.CancelAsync();
        try
        {
            await Task.WhenAll(tasks);
        }
        finally
        {
            if (cancellationToken.IsCancellationRequested) await SayGoodbyeAsync(socket);
        }
    }

    private async Task HearAsync(MulticastSocket socket, CancellationToken cancellationToken)
    {
        // Longer than any beacon, so that one that is too long is seen to be so.
        byte[] buffer = new byte[Beacon.MaxLength + 1];
        for (;;)
        {
            (int length, IPAddress from) = await socket.ReceiveAsync(buffer, cancellationToken);
            BeaconMeaning meaning = filter.Hear(buffer.AsSpan(0, length), from, out int port);
            if (meaning == BeaconMeaning.Found) finds.Found(new IPEndPoint(from, port), PeerFindSource.Beacon);
            if (meaning == BeaconMeaning.Leaving) finds.Leaving(new IPEndPoint(from, port));
        }
    }

    private async Task SpeakAsync(MulticastSocket socket, CancellationToken cancellationToken)
    {
        byte[] hello = new byte[Beacon.MaxLength];
        ReadOnlyMemory<byte> datagram = hello.AsMemory(0, own.Write(hello, family));
        for (;;)
        {
            FollowInterfaces(socket);
            TimeSpan wait = Look;
            foreach ((int index, string name) in _joined)
            {
                BeaconSchedule schedule = _schedules[index];
                if (schedule.Wait == TimeSpan.Zero) await SendAsync(socket, datagram, index, name, schedule, cancellationToken);
                if (schedule.Wait < wait) wait = schedule.Wait;
            }

            await Task.Delay(wait, time, cancellationToken);
        }
    }

    private async Task SendAsync(
        MulticastSocket socket, ReadOnlyMemory<byte> datagram, int index, string name, BeaconSchedule schedule, CancellationToken cancellationToken)
    {
        try
        {
            await socket.SendAsync(datagram, index, cancellationToken);
            schedule.Sent();
            filter.Sent();
        }
        catch (SocketException e)
        {
            schedule.Failed();
            logger.BeaconNotSent(Family, name, e.Message);
        }
    }

    private void FollowInterfaces(MulticastSocket socket)
    {
        Dictionary<int, string> wanted = neighbours.Current()
            .Where(link => link.Multicast && link.Addresses.Any(each => each.Address.AddressFamily == family))
            .ToDictionary(link => link.Index, link => link.Name);
        foreach (int index in _joined.Keys.Except(wanted.Keys).ToArray())
        {
            _ = Try(() => socket.Leave(index), _joined[index]);
            _joined.Remove(index);
        }

        foreach ((int index, string name) in wanted)
        {
            if (_joined.ContainsKey(index) || !Try(() => socket.Join(index), name)) continue;
            _joined.Add(index, name);
            if (_schedules.TryGetValue(index, out BeaconSchedule? known)) known.BeginAgain();
            else _schedules.Add(index, new BeaconSchedule(time, random));
        }

        foreach (int index in _schedules.Keys.Except(_joined.Keys).Where(index => _schedules[index].IsSpent).ToArray()) _schedules.Remove(index);
        _problem.Changes(null);
        string where = _joined.Count == 0 ? "no interface" : string.Join(", ", _joined.Values.Order(StringComparer.Ordinal));
        if (_where.Changes(where)) logger.ListensOn(Family, where);
    }

    private bool Try(Action change, string name)
    {
        try
        {
            change();
            return true;
        }
        catch (SocketException e)
        {
            logger.NotJoined(Family, name, e.Message);
            return false;
        }
    }

    private async Task SayGoodbyeAsync(MulticastSocket socket)
    {
        byte[] bye = new byte[Beacon.MaxLength];
        ReadOnlyMemory<byte> datagram = bye.AsMemory(0, (own with { Kind = BeaconKind.Bye }).Write(bye, family));
        using var limit = new CancellationTokenSource(GoodbyeLimit, time);
        foreach ((int index, string name) in _joined)
        {
            try
            {
                await socket.SendAsync(datagram, index, limit.Token);
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException)
            {
                logger.BeaconNotSent(Family, name, e.Message);
            }
        }
    }
}
