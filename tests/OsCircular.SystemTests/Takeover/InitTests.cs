using Microsoft.Extensions.Logging.Abstractions;
using OsCircular.Fuse;
using OsCircular.TestKit;
using OsCircular.TestKit.Fuse;

namespace OsCircular.SystemTests.Takeover;

/// <summary>An agent that ends between reading INIT and answering it: the most awkward moment, for the kernel says INIT once.</summary>
public sealed class InitTests : IDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    private readonly TempDirectory _folder = new();
    private readonly MemoryFileSystem _files = new();
    private readonly FuseMount _mount;

    public InitTests()
    {
        _files.AddFile(_files.Root, "disk.raw", [1, 2, 3]);
        _mount = FuseMount.Mount(new FuseMountOptions { MountPoint = _folder.Folder("mnt") }, NullLogger<FuseMount>.Instance);
    }

    public void Dispose()
    {
        _mount.Detach();
        _mount.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Session_EndedBetweenInitAndItsAnswer_NextIsAskedAgain(bool saved)
    {
        FuseConnectionState? state = null;
        var ending = new FuseSessionOptions
        {
            Negotiating = negotiated =>
            {
                if (saved) state = negotiated;
                throw new IOException("the agent ends here");
            },
        };
        await using (FuseSession first = Serve(ending))
        {
            Assert.Equal(FuseSessionEndReason.Failed, (await first.Completion.WaitAsync(Soon)).Reason);
        }

        Assert.Equal(FuseError.Ok, FuseResend.Ask(_mount.Device));
        var negotiated = new TaskCompletionSource<FuseConnectionState>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using FuseSession next = Serve(new FuseSessionOptions { Negotiated = state, Negotiating = negotiated.SetResult });

        Assert.True((await negotiated.Task.WaitAsync(Soon)).CanResend);
        Assert.Equal([1, 2, 3], await File.ReadAllBytesAsync(Path.Combine(_mount.MountPoint, "disk.raw"), TestContext.Current.CancellationToken).WaitAsync(Soon));
        _mount.Detach();
        await next.Completion.WaitAsync(Soon);
    }

    private FuseSession Serve(FuseSessionOptions options)
    {
        var session = new FuseSession(_mount.Device, _files, options, NullLogger<FuseSession>.Instance, TimeProvider.System);
        session.Start();
        return session;
    }
}
