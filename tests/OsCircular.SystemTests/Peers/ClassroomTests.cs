using OsCircular.SystemTests.TestKit;
using OsCircular.TestKit;
using OsCircular.TestKit.Images;
using OsCircular.TestKit.Labs;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.Peers;

/// <summary>A classroom without an uplink, from beginning to end: a stick comes to one host, and all run from it.</summary>
[Collection(LabCollection.Name)]
public sealed class ClassroomTests
{
    [Fact(Timeout = 180_000)]
    public async Task StickInOneHost_AllListMountReadAndFill_AndTheNextStickReachesAll()
    {
        await using LabGroup group = await LabGroup.CreateAsync(4);
        await group.Lab.CutUplinkAsync();
        long uplink = await group.Lab.UplinkBytesAsync();
        string cache = Path.Combine(group.Small.Files, "teacher"), stick = Path.Combine(group.Small.Files, "stick.tar");
        await ExportAsync(group, stick, "small");

        // The teacher's host takes it in; nobody else has anything but the publisher's key.
        (await OsCircularProgram.RunAsync("import", stick, "--cache", cache, "--public-key", group.Small.Repository.PublicKey)).MustSucceed();
        LabAgent teacher = await group.StartAsync(1, group.Small, cache, []);
        LabAgent[] pupils = await Task.WhenAll(group.StartWithoutMirrorAsync(2), group.StartWithoutMirrorAsync(3), group.StartWithoutMirrorAsync(4));
        foreach (LabAgent pupil in pupils)
            Assert.Contains("small", (await OsCircularProgram.RunAsync("list", "--cache", pupil.Cache)).MustSucceed().Output, StringComparison.Ordinal);
        await group.AssertAllReadAsync([teacher, .. pupils]);
        Assert.Contains("done", (await OsCircularProgram.RunAsync("fill", "small", "--cache", pupils[0].Cache, "--wait")).MustSucceed().Output, StringComparison.Ordinal);

        // The next lesson's stick, into the running agent, with only what has changed.
        string next = Path.Combine(group.Small.Files, "next.raw");
        File.Copy(group.Small.Image, next);
        SyntheticImage.Change(next, seed: 5, 3, 17, 33);
        await group.Small.Repository.PublishAsync(next, "small");
        await ExportAsync(group, stick, "small", "--have", "small@1");
        Assert.Contains("small@2  all held", (await OsCircularProgram.RunAsync("import", stick, "--cache", cache)).MustSucceed().Output, StringComparison.Ordinal);
        foreach (LabAgent pupil in pupils) await Eventually.IsSoAsync(() => new FileInfo(Path.Combine(pupil.Directory, "small", "latest")).LinkTarget == "2");
        await Task.WhenAll(pupils.Select(pupil => Disk.AssertSameAsync(next, pupil.DiskOf("small"))));

        // The teacher leaves, with his laptop: what one holds, all have.
        await teacher.UnmountAsync();
        LabAgent late = await group.StartWithoutMirrorAsync(1);
        await Disk.AssertSameAsync(next, late.DiskOf("small"));
        await Disk.AssertSameAsync(group.Small.Image, pupils[1].DiskOf("small", "1"));
        Assert.Equal(0, await group.Lab.UplinkBytesAsync() - uplink);
    }

    private static async Task ExportAsync(LabGroup group, string file, params IEnumerable<string> more) => (await OsCircularProgram.RunAsync(
        ["export", file, "--repository", group.Small.Repository.Folder, "--public-key", group.Small.Repository.PublicKey, .. more])).MustSucceed();
}
