using Microsoft.Extensions.Logging.Abstractions;
using OsCircular.Agent.Configuration;
using OsCircular.Agent.Hosting;
using OsCircular.Blocks;
using OsCircular.Cache;
using OsCircular.Peers.Access;
using OsCircular.Peers.Discovery;
using OsCircular.TestKit;

namespace OsCircular.Tests.Agent.Hosting;

public sealed class PeerPlacesTests : IDisposable
{
    private static readonly Neighbours Nobody = new([], TimeProvider.System, NullLogger.Instance, () => []);

    private readonly TempDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void OwnId_OfOneCache_IsAlwaysTheSame() => Assert.Equal(PeerPlaces.OwnId(_folder.Path), PeerPlaces.OwnId(_folder.Path));

    [Fact]
    public void OwnId_OfACopiedCache_IsAnother()
    {
        string one = _folder.Folder("one");
        File.WriteAllText(Path.Combine(one, "head.minisig"), "a head");
        string copy = _folder.Folder("copy");
        File.Copy(Path.Combine(one, "head.minisig"), Path.Combine(copy, "head.minisig"));
        Assert.NotEqual(PeerPlaces.OwnId(one), PeerPlaces.OwnId(copy));
    }

    [Fact]
    public void Check_AFarPeerWithoutAKey_IsNamed()
    {
        PeerSettings settings = new() { Addresses = [PeerAddressText.Parse("8.8.8.8"), PeerAddressText.Parse("127.0.0.1"), PeerAddressText.Parse("some.name")] };
        UserError error = Assert.Throws<UserError>(() => PeerPlaces.Check(settings, Nobody));
        Assert.Equal(UserError.WrongUsage, error.ExitCode);
        Assert.Contains("--peer 8.8.8.8:7117:", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Check_AFarPeerWithAKey_IsWell() =>
        PeerPlaces.Check(new PeerSettings { Group = new PeerGroup("lab", GroupKey.Of("0123456789abcdef"u8, "key")), Addresses = [PeerAddressText.Parse("8.8.8.8")] }, Nobody);

    [Fact]
    public void Remembered_NoFileNonsenseOrTooLong_IsNobody()
    {
        StateFile file = new(_folder["peers.json"], RememberedPeers.MaxLength, _folder.Path);
        Assert.Empty(PeerPlaces.Remembered(file));
        File.WriteAllText(file.Path, "nonsense");
        Assert.Empty(PeerPlaces.Remembered(file));
        File.WriteAllBytes(file.Path, new byte[RememberedPeers.MaxLength + 1]);
        Assert.Empty(PeerPlaces.Remembered(file));
    }

    [Fact]
    public void Remembered_WhatWasWritten_IsThere()
    {
        StateFile file = new(_folder["peers.json"], RememberedPeers.MaxLength, _folder.Path);
        RememberedPeer peer = new(System.Net.IPEndPoint.Parse("10.0.0.1:7117"), new DateOnly(2026, 1, 31));
        file.Write(RememberedPeers.Serialize([peer]));
        Assert.Equal([peer], PeerPlaces.Remembered(file));
    }
}
