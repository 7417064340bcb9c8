using System.Text;
using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.Indexes.Signing;
using OsCircular.Publishing.Keys;

namespace OsCircular.Tests.Publishing.Keys;

public sealed class KeyKeeperTests : IDisposable
{
    private readonly PublishRig _rig = new();
    private readonly MinisignSecretKey _first;
    private readonly MinisignSecretKey _second = MinisignSecretKey.Generate();
    private readonly MinisignSecretKey _third = MinisignSecretKey.Generate();

    public KeyKeeperTests() => _first = _rig.Key;

    private KeyKeeper Keeper => new(_rig.Time);
    private byte[] HeadFile => File.ReadAllBytes(Path.Combine(_rig.Repository, "head.minisig"));

    public void Dispose() => _rig.Dispose();

    [Fact]
    public async Task Add_SecondKey_BothPublishAndHostsOfTheFirstFollow()
    {
        await PublishAsync(_first, 1);
        Keeper.Add(_rig.Repository, _first, _second.PublicKey, null);
        Assert.True(OpenedBy(KeyRing.Of(_first.PublicKey)).Keys.Accepts(_second.PublicKey));

        await PublishAsync(_second, 2);
        Head head = OpenedBy(KeyRing.Of(_first.PublicKey));
        Assert.Equal(3, head.Sequence);
        Assert.True(OpenedBy(KeyRing.Of(_second.PublicKey)).Keys.Accepts(_second.PublicKey));

        await PublishAsync(_first, 3);
        Assert.Equal(4, OpenedBy(KeyRing.Of(_first.PublicKey)).Sequence);
        Assert.Equal(HeadRefusalReason.WrongKey, RefusalBy(KeyRing.Of(_third.PublicKey)).Reason);
    }

    [Fact]
    public async Task Add_ThenAnother_HostThatMissedAllBetweenFollowsTheChain()
    {
        await PublishAsync(_first, 1);
        Keeper.Add(_rig.Repository, _first, _second.PublicKey, null);
        Keeper.Add(_rig.Repository, _second, _third.PublicKey, null);
        await PublishAsync(_third, 2);

        Head head = OpenedBy(KeyRing.Of(_first.PublicKey));

        Assert.Equal([_first.PublicKey, _second.PublicKey, _third.PublicKey], head.Keys.Accepted);
        Assert.InRange(HeadFile.Length, 1, Head.MaxLength);
    }

    [Fact]
    public async Task Revoke_OldKey_ItsHeadsAreRefusedByWhoeverKnows()
    {
        await PublishAsync(_first, 1);
        Keeper.Add(_rig.Repository, _first, _second.PublicKey, null);
        byte[] before = HeadFile;
        Keeper.Revoke(_rig.Repository, _second, _first.PublicKey, null);

        KeyRing known = OpenedBy(KeyRing.Of(_first.PublicKey)).Keys;
        Assert.Equal([_second.PublicKey], known.Accepted);
        Assert.False(Head.TryOpen(before, known, out _, out HeadRefusal? refusal));
        Assert.Equal(HeadRefusalReason.RevokedKey, refusal!.Reason);

        // Nor is what the thief vouches for.
        RepositoryId id = new(0x00112233_44556677);
        byte[] forged = Head.Sign(_third, id, 99, [1], null, new HeadKeys([KeyLink.Make(_first, id, _third.PublicKey)], []));
        Assert.False(Head.TryOpen(forged, known, out _, out refusal));
        Assert.Equal(HeadRefusalReason.WrongKey, refusal!.Reason);

        UserError error = await Assert.ThrowsAsync<UserError>(() => PublishAsync(_first, 2));
        Assert.Contains("revoked", error.Message, StringComparison.Ordinal);
        await PublishAsync(_second, 2);
        Assert.True(OpenedBy(KeyRing.Of(_first.PublicKey)).Keys.HasRevoked(_first.PublicKey));
        Assert.Contains("never accepted again", Assert.Throws<UserError>(() => Keeper.Add(_rig.Repository, _second, _first.PublicKey, null)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Revoke_ByOneself_IsRefusedAndSuchAHeadToo()
    {
        await PublishAsync(_first, 1);
        Assert.Equal(UserError.WrongUsage, Assert.Throws<UserError>(() => Keeper.Revoke(_rig.Repository, _first, _first.PublicKey, null)).ExitCode);
        byte[] forged = Head.Sign(_first, _rig.State.Head.Repository, 9, [1], null, new HeadKeys([], [_first.PublicKey]));
        Assert.False(Head.TryOpen(forged, _first.PublicKey, out _, out HeadRefusal? refusal));
        Assert.Equal(HeadRefusalReason.Malformed, refusal!.Reason);
    }

    [Fact]
    public async Task Add_LinkOfAnotherRepositoryOrForged_LeadsNowhere()
    {
        await PublishAsync(_first, 1);
        RepositoryId id = _rig.State.Head.Repository;
        KeyLink elsewhere = KeyLink.Make(_first, new RepositoryId(7), _second.PublicKey);
        KeyLink forged = KeyLink.Make(_second, id, _second.PublicKey) with { By = _first.PublicKey };
        foreach (KeyLink link in (KeyLink[])[elsewhere, forged])
        {
            byte[] bytes = Head.Sign(_second, id, 9, [1], null, new HeadKeys([link], []));
            Assert.False(Head.TryOpen(bytes, _first.PublicKey, out _, out HeadRefusal? refusal));
            Assert.Equal(HeadRefusalReason.WrongKey, refusal!.Reason);
        }
    }

    [Fact]
    public async Task Add_ManyKeys_EndsWithinAHeadsLength()
    {
        await PublishAsync(_first, 1);
        for (int i = 0; i < HeadKeys.Max; i++) Keeper.Add(_rig.Repository, _first, MinisignSecretKey.Generate().PublicKey, null);
        Assert.Throws<UserError>(() => Keeper.Add(_rig.Repository, _first, _second.PublicKey, null));
        Assert.Equal(1 + HeadKeys.Max, OpenedBy(KeyRing.Of(_first.PublicKey)).Keys.Accepted.Count);
    }

    [Fact]
    public void Keys_Golden_AreWhatTheFormatSays()
    {
        MinisignSecretKey by = new(0x0102030405060708, [.. Enumerable.Range(1, 32).Select(i => (byte)i)]);
        MinisignSecretKey key = new(0x1112131415161718, [.. Enumerable.Range(33, 32).Select(i => (byte)i)]);
        byte[] head = Head.Sign(key, new RepositoryId(0x00112233_44556677), 7, [1], null, new HeadKeys([KeyLink.Make(by, new RepositoryId(0x00112233_44556677), key.PublicKey)], [by.PublicKey]));
        Assert.Equal(Golden, Encoding.UTF8.GetString(head).Split('\n')[2]);
        Assert.True(Head.TryOpen(head, by.PublicKey, out Head? opened, out _));
        Assert.Equal([key.PublicKey], opened.Keys.Accepted);
    }

    private const string Golden =
        "trusted comment: oscircular:1 repository:0011223344556677 sequence:7 sha256:4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a"
        + " keys:RWQIBwYFBAMCAXm1Vi6P5lT5QHixEuipi6eQH4U65pW+1+DjkQutBJZk.0HVTJ0bGI94vhEgzKufDbDQGQZscFxkiYU5UvQXeKmnOd0vs3U3qHTKwdXFbhw10q2vFBj8LAbwi/m+6hvSEDA==."
        + "RWQYFxYVFBMSEefxYqEL7FWa/qGV5NzoS2lWjV0ssJY+tEbAaF4rF/Lw"
        + " revoked:RWQIBwYFBAMCAXm1Vi6P5lT5QHixEuipi6eQH4U65pW+1+DjkQutBJZk";

    private async Task PublishAsync(MinisignSecretKey key, int seed)
    {
        PublisherTests.WriteImage(_rig.Image, [(2, 2, seed)], 0);
        _rig.Key = key;
        await _rig.PublishAsync();
    }

    private Head OpenedBy(KeyRing keys) => Head.TryOpen(HeadFile, keys, out Head? head, out HeadRefusal? refusal) ? head : throw new InvalidOperationException(refusal.Message);

    private HeadRefusal RefusalBy(KeyRing keys) => Head.TryOpen(HeadFile, keys, out _, out HeadRefusal? refusal) ? throw new InvalidOperationException("It opened.") : refusal;
}
