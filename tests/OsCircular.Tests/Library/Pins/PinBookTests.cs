using System.Text;
using OsCircular.Blocks;
using OsCircular.Cache;
using OsCircular.Indexes;
using OsCircular.Library.Filling;
using OsCircular.Library.Pins;
using OsCircular.TestKit;
using OsCircular.Tests.Indexes;

namespace OsCircular.Tests.Library.Pins;

public sealed class PinBookTests : IDisposable
{
    private readonly TempDirectory _folder = new();

    private static readonly IReadOnlyList<PinEntry> Pins =
    [
        new(PinRig.Pin("debian"), Samples.Version("2")),
        new(PinRig.Pin("debian@1", profileOnly: true), null),
    ];

    [Fact]
    public void ToBytes_Golden_NeverChangesWithoutANewFormat() => Assert.Equal(
        $$"""
        {
          "format": 1,
          "pins": [
            {
              "image": "debian",
              "version": null,
              "profile": false,
              "kept": {
                "name": "2",
                "index": "{{Samples.Version("2").Index}}",
                "diskSize": {{Samples.Version("2").Geometry.DiskSize}},
                "blockSize": {{Samples.Version("2").Geometry.BlockSize}},
                "storedBytes": {{Samples.Version("2").StoredBytes}},
                "published": "2026-11-23T12:00:00Z",
                "profile": null,
                "retired": null
              }
            },
            {
              "image": "debian",
              "version": "1",
              "profile": true,
              "kept": null
            }
          ]
        }

        """,
        Encoding.UTF8.GetString(PinBook.ToBytes(Pins)));

    [Fact]
    public void Save_ThenLoad_IsTheSame()
    {
        StateFile file = File();
        Assert.Empty(PinBook.Load(file));
        PinBook.Save(file, Pins);
        Assert.Equal(Pins, PinBook.Load(file));
        PinBook.Save(file, []);
        Assert.Empty(PinBook.Load(file));
        Assert.False(System.IO.File.Exists(file.Path));
    }

    [Theory]
    [InlineData("", "is damaged")]
    [InlineData("{}", "is damaged")]
    [InlineData("""{ "format": 2, "pins": [] }""", "newer oscircular")]
    [InlineData("""{ "format": 1, "pins": [null] }""", "is damaged")]
    [InlineData("""{ "format": 1, "pins": [{ "image": "No", "version": null, "profile": false, "kept": null }] }""", "is damaged")]
    [InlineData("""{ "format": 1, "pins": [{ "image": "a", "version": "latest", "profile": false, "kept": null }] }""", "is damaged")]
    [InlineData("""{ "format": 1, "pins": [{ "image": "a", "version": null, "profile": false, "kept": { "name": "1" } }] }""", "is damaged")]
    public void Load_WhatIsNone_IsAnErrorThatNamesTheFile(string text, string expected)
    {
        StateFile file = File();
        System.IO.File.WriteAllText(file.Path, text);
        UserError error = Assert.Throws<UserError>(() => PinBook.Load(file));
        Assert.Contains(file.Path, error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(10, 5, 16, 1, 20, null)]
    [InlineData(11, 5, 16, 1, 20, "of the quota of")]
    [InlineData(0, 20, 16, 1, 20, null)]
    [InlineData(1, 20, 16, 1, 20, "of the quota of")]
    [InlineData(10, 5, 16, 1, 15, null)]
    [InlineData(10, 5, 16, 1, 14, "the cache's disk has room for 0 MiB beside what is kept free")]
    public void Refusal_AnyNumbers_IsNoneExactlyWhereThereIsRoom(long needs, long others, long quota, long rest, long disk, string? expected)
    {
        string? refusal = PinRule.Refusal(new FillTarget(ImageName.Parse("debian"), Samples.Version("1"), false), needs, others, quota, rest, disk);
        Assert.Equal(expected is null, refusal is null);
        Assert.Contains(expected ?? "", refusal ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public void Target_OfAnImageAndOfAVersion_IsTheNewestOnOfferAndThatOne()
    {
        ManifestVersion retired = Samples.Version("1", 1) with { Retired = Samples.Time };
        Manifest manifest = Samples.Manifest(Samples.Image("debian", retired, Samples.Version("2", 2)));
        Assert.Equal("2", PinRule.Target(PinRig.Pin("debian"), retired, manifest)!.Name.ToString());
        Assert.Equal(retired, PinRule.Target(PinRig.Pin("debian@1"), null, manifest));
        Assert.Equal(retired, PinRule.Target(PinRig.Pin("debian@1"), retired, Samples.Manifest()));
        Assert.Equal(retired, PinRule.Target(PinRig.Pin("debian"), retired, Samples.Manifest()));
        Assert.Null(PinRule.Target(PinRig.Pin("debian"), null, null));
    }

    public void Dispose() => _folder.Dispose();

    private StateFile File() => new(_folder["pins.json"], PinBook.MaxLength, _folder.Path);
}
