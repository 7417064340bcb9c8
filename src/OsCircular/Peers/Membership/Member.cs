using System.Net;
using OsCircular.Peers.Choice;
using OsCircular.Peers.Client;
using OsCircular.Peers.Homes;
using OsCircular.Peers.Summaries;

namespace OsCircular.Peers.Membership;

/// <summary>One other agent of the group, at one address, under one id. Made and dropped by <see cref="MemberTable"/>; thread-safe.</summary>
internal sealed class Member : IDisposable
{
    private readonly TimeProvider _time;
    private TaskCompletionSource _wake = NewSignal();
    private PeerHello _hello;
    private long _heard;
    private int _misses;
    private long _homeAgain;
    private long _bytesSent;

    public Member(IPEndPoint address, PeerHello hello, PeerLink link, Conduct conduct, TimeProvider time)
    {
        Address = address;
        _hello = hello;
        Link = link;
        Conduct = conduct;
        Trust = new SummaryTrust(time);
        HeadLook = new HeadLook(time);
        _time = time;
        Weight = Rendezvous.IdOf(hello.Id);
        _heard = time.GetTimestamp();
    }

    public IPEndPoint Address { get; }
    public PeerId Id => _hello.Id;

    /// <summary>What rendezvous hashing weighs it by.</summary>
    public ulong Weight { get; }

    /// <summary>What it last said of itself.</summary>
    public PeerHello Hello => Volatile.Read(ref _hello);

    public PeerLink Link { get; }
    public Conduct Conduct { get; }
    public PeerSummary Summary { get; } = new();

    /// <summary>False where there is no room for its summary: it is then only looked at.</summary>
    public bool KeepsSummary { get; set; } = true;

    /// <summary>Whether its summary tells the truth.</summary>
    public SummaryTrust Trust { get; }

    /// <summary>The last look at its head.</summary>
    public HeadLook HeadLook { get; }

    /// <summary>Looks in a row that it did not answer; 0 where it is alive.</summary>
    public int Misses => Volatile.Read(ref _misses);

    /// <summary>Heard of since it last failed to answer.</summary>
    public bool IsAlive => Misses == 0;

    /// <summary>Alive, and not banned: fit to be asked.</summary>
    public bool IsUsable => IsAlive && !Conduct.IsBanned;

    /// <summary>It was silent as a home a moment ago: its next silence would cost another reader as much.</summary>
    public bool RestsAsHome => _time.GetTimestamp() < Volatile.Read(ref _homeAgain);

    /// <summary>Since it was last heard of.</summary>
    public TimeSpan Quiet => _time.GetElapsedTime(Volatile.Read(ref _heard));

    /// <summary>Block and document bytes that this agent sent it.</summary>
    public long BytesSent => Interlocked.Read(ref _bytesSent);

    public void AddSent(long bytes) => Interlocked.Add(ref _bytesSent, bytes);

    /// <summary>It said something.</summary>
    /// <returns>Whether it was not alive before, or says something new of itself that homes depend on.</returns>
    public bool NoteHeard(PeerHello hello)
    {
        Volatile.Write(ref _heard, _time.GetTimestamp());
        PeerHello before = Interlocked.Exchange(ref _hello, hello);
        bool wasSilent = Interlocked.Exchange(ref _misses, 0) != 0;
        return wasSilent || before.Fetches != hello.Fetches || before.Repository != hello.Repository;
    }

    /// <summary>It did not answer.</summary>
    /// <returns>Whether it was alive before.</returns>
    public bool NoteMissed() => Interlocked.Increment(ref _misses) == 1;

    /// <summary>Takes it for no home for <see cref="HomeTiming.SilentRest"/>, though it may well answer looks meanwhile.</summary>
    public void RestAsHome() => Volatile.Write(ref _homeAgain, _time.GetTimestamp() + (long)(HomeTiming.SilentRest.TotalSeconds * _time.TimestampFrequency));

    /// <summary>Has it looked at now.</summary>
    public void Wake() => Volatile.Read(ref _wake).TrySetResult();

    /// <summary>Waits until it is to be looked at again.</summary>
    public async Task WaitAsync(TimeSpan delay, CancellationToken cancellationToken)
    {
        try
        {
            await Volatile.Read(ref _wake).Task.WaitAsync(delay, _time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
        }

        // Replaced before the look, so that a wish during it leads to one more.
        Volatile.Write(ref _wake, NewSignal());
    }

    public void Dispose() => Link.Dispose();

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
