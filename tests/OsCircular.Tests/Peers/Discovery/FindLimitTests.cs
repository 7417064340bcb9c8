using System.Net;
using CsCheck;
using Microsoft.Extensions.Time.Testing;
using OsCircular.Peers.Discovery;

namespace OsCircular.Tests.Peers.Discovery;

public sealed class FindLimitTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly FindLimit _limit;

    public FindLimitTests() => _limit = new FindLimit(_time);

    [Fact]
    public void Allows_TheSameAgain_OnlyAfterTenSeconds()
    {
        Assert.True(Hello(1));
        _time.Advance(FindLimit.Again - TimeSpan.FromMilliseconds(1));
        Assert.False(Hello(1));
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.True(Hello(1));
    }

    [Fact]
    public void Allows_AgentRestartedAtOnce_IsFoundAgain()
    {
        Assert.True(Hello(1));
        Assert.True(Bye(1));
        Assert.False(Bye(1));
        Assert.True(Hello(1));
        Assert.False(Hello(1));
    }

    [Fact]
    public void Allows_SeveralAgentsOfOneHost_EachOnce()
    {
        Assert.True(Hello(1, port: 1));
        Assert.True(Hello(1, port: 2));
        Assert.False(Hello(1, port: 1));
    }

    [Fact]
    public void Allows_OneSourceThatNamesManyPorts_AFew()
    {
        Assert.Equal(FindLimit.MostOfOneSource, Enumerable.Range(1, 1000).Count(port => Hello(1, port)));
        Assert.True(Hello(2));
    }

    [Fact]
    public void Allows_AnyFlood_NeverMoreThanFiftyWithinASecond()
    {
        var passed = new Queue<DateTimeOffset>();
        Gen.Select(Gen.Int[0, 100_000], Gen.Int[0, 40]).Array[500].Sample(
            flood =>
            {
                foreach ((int source, int milliseconds) in flood)
                {
                    if (Hello(source)) passed.Enqueue(_time.GetUtcNow());
                    while (passed.Count > 0 && _time.GetUtcNow() - passed.Peek() >= TimeSpan.FromSeconds(1)) passed.Dequeue();
                    Assert.True(passed.Count <= FindLimit.MostPerSecond, $"{passed.Count} within a second");
                    _time.Advance(TimeSpan.FromMilliseconds(milliseconds));
                }
            },
            iter: 20,
            threads: 1);
        Assert.True(_limit.Sources <= FindLimit.MostSources);
    }

    [Fact]
    public void Allows_MoreSourcesThanAreRemembered_ForgetsTheOneSilentForLongest()
    {
        Assert.True(Hello(1, port: 1));
        for (int source = 2; source <= FindLimit.MostSources + 10; source++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(25));
            Assert.True(Hello(source));
            if (source != 400) continue;
            _time.Advance(TimeSpan.FromMilliseconds(25));
            Assert.True(Hello(1, port: 2));
        }

        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(FindLimit.MostSources, _limit.Sources);
        Assert.False(Hello(1, port: 2));
    }

    private bool Hello(int source, int port = 7117) => _limit.Allows(Address(source), port, BeaconKind.Hello);

    private bool Bye(int source) => _limit.Allows(Address(source), 7117, BeaconKind.Bye);

    private static IPAddress Address(int source) => new([10, (byte)(source >> 16), (byte)(source >> 8), (byte)source]);
}
