using System.Text;
using CsCheck;
using OsCircular.Blocks;
using OsCircular.Indexes;

namespace OsCircular.Tests.Indexes;

public sealed class ManifestTests
{
    private static readonly Manifest Golden = new(Samples.Repository, 3, [
        Samples.Image("empty"),
        new ManifestImage(
            ImageName.Parse("debian"),
            [
                Samples.Version("2") with { Retired = Samples.Time.AddDays(1), Profile = Samples.DigestOf(9) },
                new ManifestVersion(VersionName.Parse("3"), null, new BlockGeometry(512, BlockGeometry.MinBlockSize), 0, Samples.Time),
            ],
            [VersionName.Parse("1")]),
    ]);

    [Fact]
    public void ToBytes_EveryField_GivesTheGoldenBytes() =>
        // Changed on purpose? Then bump the version in Manifest.Format and in Formats.md.
        Assert.Equal(
            """
            {
              "format": 1,
              "repository": "0123456789abcdef",
              "sequence": 3,
              "images": [
                {
                  "name": "debian",
                  "versions": [
                    {
                      "name": "2",
                      "index": "0101010101010101010101010101010101010101010101010101010101010101",
                      "diskSize": 1048576,
                      "blockSize": 262144,
                      "storedBytes": 4096,
                      "published": "2026-11-23T12:00:00Z",
                      "profile": "0909090909090909090909090909090909090909090909090909090909090909",
                      "retired": "2026-11-24T12:00:00Z"
                    },
                    {
                      "name": "3",
                      "index": null,
                      "diskSize": 512,
                      "blockSize": 65536,
                      "storedBytes": 0,
                      "published": "2026-11-23T12:00:00Z",
                      "profile": null,
                      "retired": null
                    }
                  ],
                  "gone": [
                    "1"
                  ]
                },
                {
                  "name": "empty",
                  "versions": [],
                  "gone": []
                }
              ]
            }
            """.ReplaceLineEndings("\n") + "\n",
            Encoding.UTF8.GetString(Golden.ToBytes()));

    [Fact]
    public void TryParse_WhatWasWritten_IsTheSame() => Assert.Equal(Golden.ToBytes(), Read(Encoding.UTF8.GetString(Golden.ToBytes())).ToBytes());

    [Fact]
    public void TryParse_AnyManifestWritten_IsTheSame() => Manifests.Sample(manifest =>
    {
        byte[] bytes = manifest.ToBytes();
        Assert.True(Manifest.TryParse(bytes, out Manifest? read, out _));
        Assert.Equal(bytes, read.ToBytes());
    });

    [Fact]
    public void ToBytes_ImagesInAnyOrder_GivesOneSpelling() => Manifests.Sample(manifest =>
        Assert.Equal(manifest.ToBytes(), new Manifest(manifest.Repository, manifest.Sequence, manifest.Images.Reverse()).ToBytes()));

    [Fact]
    public void TryParse_MembersWeDoNotKnow_ArePassedOver()
    {
        string text = Edited("\"sequence\": 3,", "\"sequence\": 3, \"nextKeys\": [{\"a\": [1]}],").Replace("\"profile\": null,", "\"profile\": null, \"x\": 1,", StringComparison.Ordinal);
        Assert.Equal(Golden.ToBytes(), Read(text).ToBytes());
    }

    [Theory]
    [InlineData("\"format\": 1", "\"format\": 2")]
    [InlineData("\"format\": 1,", "\"format\": 7, \"images\": 5, \"sequence\": {},")]
    public void TryParse_NewerFormat_IsRefusedAsNewer(string from, string to) => Assert.Equal(HeadRefusalReason.Newer, Refused(Edited(from, to)).Reason);

    [Theory]
    [InlineData("\"format\": 1,", "")]
    [InlineData("\"format\": 1", "\"format\": 0")]
    [InlineData("\"format\": 1", "\"format\": \"1\"")]
    [InlineData("\"repository\": \"0123456789abcdef\"", "\"repository\": \"0123456789ABCDEF\"")]
    [InlineData("\"sequence\": 3", "\"sequence\": 0")]
    [InlineData("\"sequence\": 3", "\"sequence\": 1000000000000000000")]
    [InlineData("\"sequence\": 3", "\"sequence\": 3, \"sequence\": 3")]
    [InlineData("\"sequence\": 3,", "")]
    [InlineData("\"name\": \"empty\"", "\"name\": \"../empty\"")]
    [InlineData("\"name\": \"empty\"", "\"name\": \"debian\"")]
    [InlineData("\"name\": \"empty\"", "\"name\": null")]
    [InlineData("\"name\": \"2\"", "\"name\": \"latest\"")]
    [InlineData("\"name\": \"2\"", "\"name\": \"3\"")]
    [InlineData("\"name\": \"2\"", "\"name\": \"1\"")]
    [InlineData("\"diskSize\": 1048576", "\"diskSize\": 1048577")]
    [InlineData("\"diskSize\": 1048576", "\"diskSize\": 0")]
    [InlineData("\"diskSize\": 1048576", "\"diskSize\": 9223372036854775296")]
    [InlineData("\"diskSize\": 1048576", "\"diskSize\": 1e6")]
    [InlineData("\"blockSize\": 262144", "\"blockSize\": 262143")]
    [InlineData("\"blockSize\": 262144", "\"blockSize\": 8388608")]
    [InlineData("\"blockSize\": 262144", "\"blockSize\": 99999999999")]
    [InlineData("\"storedBytes\": 4096", "\"storedBytes\": -1")]
    [InlineData("\"storedBytes\": 4096", "\"storedBytes\": 0")]
    [InlineData("\"storedBytes\": 4096", "\"storedBytes\": 1048577")]
    [InlineData("\"index\": null", "\"index\": \"ab\"")]
    [InlineData("\"published\": \"2026-11-23T12:00:00Z\"", "\"published\": \"2026-11-23 12:00:00\"")]
    [InlineData("\"retired\": \"2026-11-24T12:00:00Z\"", "\"retired\": \"2026-11-31T12:00:00Z\"")]
    [InlineData("\"versions\": []", "\"versions\": [null]")]
    [InlineData("\"versions\": []", "\"versions\": null")]
    [InlineData("\"gone\": []", "\"gone\": [null]")]
    [InlineData("\"gone\": []", "\"gone\": [\"a\", \"a\"]")]
    [InlineData("\"gone\": []", "\"gone\": []}, null, {\"name\": \"f\", \"versions\": [], \"gone\": []")]
    public void TryParse_RuleBroken_IsMalformed(string from, string to)
    {
        HeadRefusal refusal = Refused(Edited(from, to));
        Assert.Equal(HeadRefusalReason.Malformed, refusal.Reason);
        Assert.DoesNotContain('\n', refusal.Message);
    }

    [Fact]
    public void TryParse_AnyCut_IsMalformed()
    {
        byte[] bytes = Golden.ToBytes();
        Gen.Int[0, bytes.Length - 3].Sample(length => !Manifest.TryParse(bytes.AsSpan(0, length), out _, out HeadRefusal? refusal) && refusal.Reason == HeadRefusalReason.Malformed);
    }

    [Fact]
    public void TryParse_AnyByteChanged_NeverThrows()
    {
        byte[] good = Golden.ToBytes();
        Gen.Select(Gen.Int[0, good.Length - 1], Gen.Byte).Sample((at, value) =>
        {
            byte[] bytes = [.. good];
            bytes[at] = value;
            return Manifest.TryParse(bytes, out Manifest? manifest, out HeadRefusal? refusal) ? manifest.Sequence >= 1 : refusal.Message.Length > 0;
        });
    }

    [Fact]
    public void Find_Reference_GivesTheVersionMeant()
    {
        Assert.Equal("3", Golden.Find(VersionReference.Parse("debian"))?.Name.ToString());
        Assert.Equal("2", Golden.Find(VersionReference.Parse("debian@2"))?.Name.ToString());
        Assert.Null(Golden.Find(VersionReference.Parse("debian@1")));
        Assert.Null(Golden.Find(VersionReference.Parse("empty")));
        Assert.Null(Golden.Find(VersionReference.Parse("absent")));
    }

    [Fact]
    public void Latest_NewestRetired_IsTheOneBefore() =>
        Assert.Equal("1", Samples.Image("a", Samples.Version("1"), Samples.Version("2") with { Retired = Samples.Time }).Latest?.Name.ToString());

    [Fact]
    public void NextVersion_IsTheNumberAfterTheHighestEver()
    {
        Assert.Equal("1", Samples.Image("a").NextVersion().ToString());
        Assert.Equal("4", Golden.Find(ImageName.Parse("debian"))!.NextVersion().ToString());
        Assert.Equal("11", (Samples.Image("a", Samples.Version("2")) with { Gone = [VersionName.Parse("10"), VersionName.Parse("9a")] }).NextVersion().ToString());
        Assert.Equal("100000000000000000000", Samples.Image("a", Samples.Version("99999999999999999999")).NextVersion().ToString());
    }

    [Fact]
    public void NextVersion_WasNeverUsed() => Manifests.Sample(manifest => manifest.Images.All(image => !image.HasUsed(image.NextVersion())));

    [Fact]
    public void With_NewVersion_IsTheLatest()
    {
        Manifest manifest = Golden.With(4, ImageName.Parse("debian"), Samples.Version("4", 5)).With(5, ImageName.Parse("new"), Samples.Version("1"));
        Assert.Equal(5, manifest.Sequence);
        Assert.Equal(["debian", "empty", "new"], manifest.Images.Select(image => image.Name.ToString()));
        Assert.Equal("4", manifest.Find(VersionReference.Parse("debian"))?.Name.ToString());
    }

    [Theory]
    [InlineData("3")]
    [InlineData("1")]
    public void With_VersionUsedBefore_IsRefused(string version)
    {
        var error = Assert.Throws<UserError>(() => Golden.With(4, ImageName.Parse("debian"), Samples.Version(version)));
        Assert.Contains($"debian@{version}", error.Message, StringComparison.Ordinal);
    }

    private static readonly Gen<Manifest> Manifests =
        from images in Gen.Select(Gen.Char["abc01"].Array[1, 3], Gen.Int[1, 40].HashSet[0, 6], Gen.Int[0, 6]).List[0, 5]
        select new Manifest(Samples.Repository, 1, images.DistinctBy(image => new string(image.Item1)).Select(image => new ManifestImage(
            ImageName.Parse(new string(image.Item1)),
            [.. image.Item2.Skip(image.Item3).Select(n => Samples.Version(n.ToString(), (byte)n))],
            [.. image.Item2.Take(image.Item3).Select(n => VersionName.Parse(n.ToString()))])));

    private static string Edited(string from, string to)
    {
        string text = Encoding.UTF8.GetString(Golden.ToBytes());
        Assert.Contains(from, text, StringComparison.Ordinal);
        return text.Replace(from, to, StringComparison.Ordinal);
    }

    private static Manifest Read(string text)
    {
        Assert.True(Manifest.TryParse(Encoding.UTF8.GetBytes(text), out Manifest? manifest, out HeadRefusal? refusal), refusal?.Message);
        return manifest;
    }

    private static HeadRefusal Refused(string text)
    {
        Assert.False(Manifest.TryParse(Encoding.UTF8.GetBytes(text), out _, out HeadRefusal? refusal));
        return refusal;
    }
}
