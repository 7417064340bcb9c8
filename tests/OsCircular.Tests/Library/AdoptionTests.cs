using CsCheck;
using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.Library;
using OsCircular.Sources;
using OsCircular.Tests.Indexes;

namespace OsCircular.Tests.Library;

public sealed class AdoptionTests
{
    private static readonly Trust Trusted = new(Samples.Key.PublicKey, Samples.Repository, 5, ManifestOf(1), Samples.Time);

    [Theory]
    [InlineData(5, 1, null)] // what is adopted already
    [InlineData(6, 1, null)] // signed anew
    [InlineData(6, 2, null)]
    [InlineData(900, 2, null)] // sequences may be skipped
    [InlineData(4, 1, HeadRefusalReason.LowerSequence)]
    [InlineData(5, 2, HeadRefusalReason.Fork)]
    public void Judge_AgainstSequence5_GivesItsReason(long sequence, byte manifest, HeadRefusalReason? expected) =>
        Assert.Equal(expected, Adoption.Judge(Trusted, HeadOf(sequence, manifest), Samples.Time)?.Reason);

    [Fact]
    public void Judge_AnotherRepository_NamesBoth()
    {
        HeadRefusal? refusal = Adoption.Judge(Trusted, HeadOf(9, 2, repository: new RepositoryId(7)), Samples.Time);
        Assert.Equal(HeadRefusalReason.OtherRepository, refusal?.Reason);
        Assert.Contains("0000000000000007", refusal!.Message, StringComparison.Ordinal);
        Assert.Contains("0123456789abcdef", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Judge_Fork_NamesBothManifests()
    {
        string message = Adoption.Judge(Trusted, HeadOf(5, 2), Samples.Time)!.Message;
        Assert.Contains(ManifestOf(1).ToString(), message, StringComparison.Ordinal);
        Assert.Contains(ManifestOf(2).ToString(), message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2026-11-23", "2026-11-23T23:59:59Z", false)]
    [InlineData("2026-11-23", "2026-11-24T00:00:00Z", true)]
    [InlineData("2026-11-23", "2026-11-23T23:30:00-01:00", true)]
    [InlineData(null, "9999-12-30T00:00:00Z", false)]
    public void Judge_Expiry_IsTheEndOfThatDayInUtc(string? expires, string now, bool expired)
    {
        Head head = HeadOf(6, 2, expires is null ? null : DateOnly.Parse(expires));
        HeadRefusal? refusal = Adoption.Judge(Trusted, head, DateTimeOffset.Parse(now));
        Assert.Equal(expired ? HeadRefusalReason.Expired : null, refusal?.Reason);
        Assert.Equal(refusal?.Reason, Adoption.Judge(null, head, DateTimeOffset.Parse(now))?.Reason);
    }

    [Fact]
    public void Judge_ExpiredButAdoptedAlready_IsNotRefused() =>
        Assert.Null(Adoption.Judge(Trusted, HeadOf(5, 1, new DateOnly(2020, 1, 1)), Samples.Time));

    // Whatever is offered in whatever order, the sequence never falls and one sequence never means two manifests.
    [Fact]
    public void Judge_AnyRunOfHeads_NeverGoesBackNorForks() => Heads.List[0, 30].Sample(offered =>
    {
        Trust? trust = null;
        Dictionary<long, Digest> adopted = [];
        foreach (Head head in offered)
        {
            if (Adoption.Judge(trust, head, Samples.Time) is not null) continue;
            Assert.True(trust is null || (head.Sequence >= trust.Sequence && head.Repository == trust.Repository));
            Assert.True(adopted.TryAdd(head.Sequence, head.Manifest) || adopted[head.Sequence] == head.Manifest);
            trust = new Trust(Samples.Key.PublicKey, head.Repository, head.Sequence, head.Manifest, Samples.Time);
        }
    });

    [Fact]
    public void JudgeAll_MirrorsInAnyOrder_OfferTheSameCandidates() => Gen.Select(Heads.List[0, 6], Gen.Bool, Gen.Int).Sample((heads, trusting, seed) =>
    {
        MirrorHead[] answers = [.. heads.Select((head, i) => Answer($"m{i}", head))];
        MirrorHead[] shuffled = [.. answers];
        new Random(seed).Shuffle(shuffled);

        IReadOnlyList<Head> candidates = Adoption.Candidates(Adoption.JudgeAll(trusting ? Trusted : null, answers, Samples.Time));
        IReadOnlyList<Head> others = Adoption.Candidates(Adoption.JudgeAll(trusting ? Trusted : null, shuffled, Samples.Time));

        Assert.Equal(candidates.Select(head => head.Comment), others.Select(head => head.Comment));
        Assert.Equal(candidates.Select(head => head.Sequence).OrderDescending().Distinct(), candidates.Select(head => head.Sequence));
        Assert.True(candidates.Select(head => head.Repository).Distinct().Count() <= 1);
    });

    [Fact]
    public void JudgeAll_OneSequenceTwoManifests_RefusesBothNamingTheOtherMirrorAndTakesTheNext()
    {
        IReadOnlyList<MirrorHead> judged = Adoption.JudgeAll(null, [Answer("a", HeadOf(7, 1)), Answer("b", HeadOf(7, 2)), Answer("c", HeadOf(6, 3))], Samples.Time);
        Assert.Equal([HeadRefusalReason.Fork, HeadRefusalReason.Fork, null], judged.Select(answer => answer.Refusal?.Reason));
        Assert.Contains("is what b has", judged[0].Problem, StringComparison.Ordinal);
        Assert.Contains("is what a has", judged[1].Problem, StringComparison.Ordinal);
        Assert.Equal(6, Assert.Single(Adoption.Candidates(judged)).Sequence);
    }

    [Fact]
    public void JudgeAll_TwoRepositoriesAndNoTrust_RefusesBoth()
    {
        IReadOnlyList<MirrorHead> judged = Adoption.JudgeAll(null, [Answer("a", HeadOf(7, 1)), Answer("b", HeadOf(8, 1, repository: new RepositoryId(7)))], Samples.Time);
        Assert.All(judged, answer => Assert.Equal(HeadRefusalReason.OtherRepository, answer.Refusal?.Reason));
    }

    [Fact]
    public void JudgeAll_MirrorThatFailed_StaysAsItWas()
    {
        MirrorHead failed = new("a", SourceError.Unreachable, null, null);
        Assert.Same(failed, Assert.Single(Adoption.JudgeAll(Trusted, [failed], Samples.Time)));
    }

    private static readonly Gen<Head> Heads =
        from sequence in Gen.Long[1, 8]
        from manifest in Gen.Byte[1, 3]
        from repository in Gen.Frequency((9, Gen.Const(Samples.Repository)), (1, Gen.Const(new RepositoryId(7))))
        from expires in Gen.Int[2026, 2028].Select(year => year == 2028 ? default(DateOnly?) : new DateOnly(year, 1, 1))
        select HeadOf(sequence, manifest, expires, repository);

    private static MirrorHead Answer(string mirror, Head head) => new(mirror, SourceError.None, head, null);

    private static Digest ManifestOf(byte fill) => Digest.Of([fill]);

    private static Head HeadOf(long sequence, byte manifest, DateOnly? expires = null, RepositoryId? repository = null) =>
        LibraryRig.Open(Head.Sign(Samples.Key, repository ?? Samples.Repository, sequence, [manifest], expires));
}
