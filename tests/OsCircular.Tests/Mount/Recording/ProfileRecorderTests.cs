using Microsoft.Extensions.Logging.Abstractions;
using OsCircular.Blocks;
using OsCircular.Cache;
using OsCircular.Disks.Booting;
using OsCircular.Fuse.Protocol;
using OsCircular.Indexes;
using OsCircular.Library.Profiles;
using OsCircular.Mount.Recording;
using OsCircular.TestKit;
using OsCircular.TestKit.Disks;

namespace OsCircular.Tests.Mount.Recording;

public sealed class ProfileRecorderTests : IAsyncDisposable
{
    private const int BlockSize = BlockGeometry.MinBlockSize;

    private static readonly TestDisk Image = new(new BlockGeometry(16 * BlockSize, BlockSize), zeros: 0);
    private static readonly Manifest Offered = MountRig.Manifest("debian", ("1", Image));
    private static readonly VersionReference Debian = VersionReference.Parse("debian");

    private readonly TempDirectory _folder = new();
    private readonly MountRig _rig = new MountRig(Offered).With(Image);
    private readonly List<ulong> _forgotten = [];
    private readonly ProfileRecorder _recorder;
    private readonly ulong _disk;

    public ProfileRecorderTests()
    {
        string temporary = _folder.Folder("tmp");
        RecorderParts parts = new()
        {
            Files = _rig.Files,
            Find = Offered.Find,
            Book = (image, version) => new RunBook(new StateFile(_folder[$"{image}@{version}.json"], RunBook.MaxLength, temporary)),
            ForgetPages = _forgotten.Add,
            Time = TimeProvider.System,
        };
        _recorder = new ProfileRecorder(parts, NullLogger<ProfileRecorder>.Instance);
        _disk = _rig.Find("debian", "1", "disk.raw");
    }

    public async ValueTask DisposeAsync()
    {
        await _recorder.DisposeAsync();
        await _rig.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Record_TwoBoots_YieldsWhatRecurs()
    {
        Assert.Equal([5, 2, 9], (await RecordAsync(5, 2, 9)).Profile!.Blocks);
        RecordingProgress second = await RecordAsync(5, 9, 11);
        Assert.Equal((RecordingState.Done, 3, 2), (second.State, second.Blocks, second.Runs));
        Assert.Equal([5, 9], second.Profile!.Blocks);
        Assert.Equal([_disk, _disk], _forgotten);
    }

    [Fact]
    public async Task Record_GuestGoneQuiet_EndsByItself()
    {
        await _recorder.BeginAsync(Debian, TimeSpan.FromMilliseconds(300), fresh: false);
        Assert.Equal(RecordingState.Waiting, _recorder.Find(Debian)!.State);
        Read(3);
        await Eventually.IsSoAsync(() => _recorder.Find(Debian) is { HasEnded: true });
        Assert.Equal([3], _recorder.Find(Debian)!.Profile!.Blocks);
    }

    [Fact]
    public async Task Begin_WhileItRecords_GoesOn()
    {
        await _recorder.BeginAsync(Debian, TimeSpan.FromHours(1), fresh: false);
        Read(3);
        Assert.Equal(1, (await _recorder.BeginAsync(Debian, TimeSpan.FromHours(1), fresh: false)).Blocks);
    }

    [Fact]
    public async Task End_NothingRead_KeepsNoRun()
    {
        await _recorder.BeginAsync(Debian, TimeSpan.FromHours(1), fresh: false);
        RecordingProgress end = (await _recorder.EndAsync(Debian))!;
        Assert.Equal((RecordingState.Failed, "nothing was read meanwhile"), (end.State, end.Problem));
        Assert.False(File.Exists(_folder["debian@1.json"]));
    }

    [Fact]
    public async Task End_NeverBegun_IsNull() => Assert.Null(await _recorder.EndAsync(Debian));

    [Fact]
    public async Task Begin_UnknownVersion_IsRefused()
    {
        VersionReference unknown = VersionReference.Parse("debian@7");
        UserError error = await Assert.ThrowsAsync<UserError>(() => _recorder.BeginAsync(unknown, TimeSpan.FromHours(1), fresh: false));
        Assert.Contains("debian@7 is not mounted here", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dispose_WhileItRecords_KeepsTheRun()
    {
        await _recorder.BeginAsync(Debian, TimeSpan.FromHours(1), fresh: false);
        Read(3);
        await _recorder.DisposeAsync();
        Assert.True(File.Exists(_folder["debian@1.json"]));
    }

    [Theory]
    [InlineData(0, 3599, false)]
    [InlineData(0, 3600, true)]
    [InlineData(1, 9, false)]
    [InlineData(1, 10, true)]
    [InlineData(FirstTouches.Most, 0, true)]
    public void HasEnded_QuietForTenSeconds_IsSoOnceSomethingWasRead(int touches, int quiet, bool expected) =>
        Assert.Equal(expected, RecordRule.HasEnded(touches, FirstTouches.Most, TimeSpan.FromSeconds(quiet), TimeSpan.FromSeconds(10)));

    [Fact]
    public async Task Read_VersionWithAProfile_TellsOfTheFirstReadOfEachOpening()
    {
        ManifestVersion first = Offered.Find(Debian)! with { Profile = Digest.Of("profile"u8) };
        ManifestVersion second = MountRig.Version("2", Image.Root, Image.Geometry.DiskSize, 1);
        Manifest manifest = Offered.With(2, new ManifestImage(ImageName.Parse("debian"), [first, second], []));
        await using MountRig rig = new MountRig(manifest).With(Image);
        List<string> told = [];
        rig.Files.FirstRead += booted => told.Add($"read {booted}");
        rig.Files.Closed += booted => told.Add($"closed {booted}");
        ulong with = rig.Find("debian", "1", "disk.raw"), without = rig.Find("debian", "2", "disk.raw");
        foreach (ulong disk in (ulong[])[with, without])
        {
            for (int opens = 0; opens < 2; opens++)
            {
                rig.Kernel.Call(FuseOpcode.Open, disk, new byte[8]);
                for (int reads = 0; reads < 3; reads++) rig.Kernel.Read(disk, reads * 4096, 4096);
            }

            for (int opens = 0; opens < 2; opens++) rig.Kernel.Call(FuseOpcode.Release, disk, new byte[24]);
        }

        Assert.Equal(["read debian@1", "read debian@1", "closed debian@1"], told);
    }

    private async Task<RecordingProgress> RecordAsync(params int[] blocks)
    {
        await _recorder.BeginAsync(Debian, TimeSpan.FromHours(1), fresh: false);
        foreach (int block in blocks) Read(block);
        return (await _recorder.EndAsync(Debian))!;
    }

    private void Read(int block) => _rig.Kernel.Read(_disk, (long)block * BlockSize, 512);
}
