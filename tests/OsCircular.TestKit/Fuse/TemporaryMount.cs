using Microsoft.Extensions.Logging.Abstractions;
using OsCircular.Fuse;

namespace OsCircular.TestKit.Fuse;

/// <summary>A file system really mounted on a directory of its own, for as long as a test runs.</summary>
public sealed class TemporaryMount : IAsyncDisposable
{
    private readonly FuseMount _mount;

    public TemporaryMount(IFuseFileSystem fileSystem, FuseSessionOptions? options = null)
    {
        MountPoint = Directory.CreateTempSubdirectory("oscircular-mount-").FullName;
        _mount = FuseMount.Mount(new FuseMountOptions { MountPoint = MountPoint }, NullLogger<FuseMount>.Instance);
        Session = new FuseSession(_mount.Device, fileSystem, options ?? new FuseSessionOptions(), NullLogger<FuseSession>.Instance, TimeProvider.System);
        Session.Start();
    }

    public string MountPoint { get; }

    public FuseSession Session { get; }

    public FuseMount Mount => _mount;

    public string PathOf(string name) => Path.Combine(MountPoint, name);

    public async ValueTask DisposeAsync()
    {
        _mount.Detach();
        await Session.DisposeAsync();
        _mount.Dispose();
        Directory.Delete(MountPoint);
    }
}
