using System.Buffers.Binary;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using OsCircular.Blocks;
using OsCircular.Disks;
using OsCircular.Fuse;
using OsCircular.Fuse.Protocol;
using OsCircular.Indexes;
using OsCircular.Mount;
using OsCircular.Sources;
using OsCircular.TestKit.Disks;
using OsCircular.TestKit.Fuse;

namespace OsCircular.Tests.Mount;

/// <summary>A mounted tree behind a session that serves a fake kernel: what the kernel would see, without a mount.</summary>
internal sealed class MountRig : IAsyncDisposable
{
    private static readonly RepositoryId Repository = new(0x0123456789abcdef);
    private static readonly DateTimeOffset Time = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    private readonly FuseSession _session;

    public MountRig(Manifest manifest, Func<IBlockSource, IBlockSource>? wrap = null)
    {
        Service = new TestService(wrap: wrap);
        Files = new MountFileSystem(manifest, (geometry, root) => Opened(geometry, root), TimeSpan.FromSeconds(10), TimeProvider.System);
        _session = new FuseSession(Kernel.Device, Files, new FuseSessionOptions { Threads = 3 }, NullLogger<FuseSession>.Instance, TimeProvider.System);
        _session.Start();
        Kernel.Init();
    }

    public FuseKernelFake Kernel { get; } = new();
    public TestService Service { get; }
    public MountFileSystem Files { get; }

    /// <summary>Disks by their root, as the repository would have them.</summary>
    public Dictionary<Digest, (TestDisk Disk, bool Local)> Disks { get; } = [];

    public static Manifest Manifest(params (string Image, string[] Versions)[] images) =>
        new(Repository, 1, images.Select(image => new ManifestImage(ImageName.Parse(image.Image), [.. image.Versions.Select(version => Version(version, null, 4 << 20, 0))], [])));

    public static Manifest Manifest(string image, params (string Version, TestDisk Disk)[] versions) =>
        new(Repository, 1, [new ManifestImage(ImageName.Parse(image), [.. versions.Select(version =>
            Version(version.Version, version.Disk.Root, version.Disk.Geometry.DiskSize, version.Disk.BlockFiles.Values.Sum(file => file.Length)))], [])]);

    public static ManifestVersion Version(string name, Digest? index, long size, long stored) =>
        new(VersionName.Parse(name), index, new BlockGeometry(size, BlockGeometry.MinBlockSize), stored, Time);

    public MountRig With(TestDisk disk, bool local = true)
    {
        Disks[disk.Root!.Value] = (disk, local);
        return this;
    }

    public (FuseError Error, ulong Id) Lookup(ulong parent, string name)
    {
        FuseReply reply = Kernel.Call(FuseOpcode.Lookup, parent, FuseKernelFake.Name(name));
        return (reply.Error, reply.Error == FuseError.Ok ? BinaryPrimitives.ReadUInt64LittleEndian(reply.Body) : 0);
    }

    public ulong Find(params string[] path)
    {
        ulong id = NodeId.Root;
        foreach (string name in path)
        {
            (FuseError error, id) = Lookup(id, name);
            Assert.Equal(FuseError.Ok, error);
        }

        return id;
    }

    public string ReadLink(ulong id) => Encoding.ASCII.GetString(Kernel.Call(FuseOpcode.ReadLink, id).Body);

    /// <summary>Reads a disk to its end, in pieces that begin and end within blocks and fit a socket's buffer.</summary>
    public byte[] ReadAll(ulong id)
    {
        List<byte> bytes = [];
        for (; ; )
        {
            FuseReply reply = Kernel.Read(id, bytes.Count, 100_000);
            Assert.Equal(FuseError.Ok, reply.Error);
            if (reply.Body.Length == 0) return [.. bytes];
            bytes.AddRange(reply.Body);
        }
    }

    /// <summary>Lists a directory with so small a buffer that it takes a call for every entry or two.</summary>
    public List<string> List(ulong id, Action<int>? between = null)
    {
        List<string> names = [];
        ulong offset = 0;
        for (int call = 0; ; call++)
        {
            byte[] body = Kernel.Call(FuseOpcode.ReadDirectory, id, FuseKernelFake.ReadBody((long)offset, 64)).Body;
            if (body.Length == 0) return names;
            for (int at = 0; at < body.Length;)
            {
                // struct fuse_dirent, include/uapi/linux/fuse.h.
                offset = BinaryPrimitives.ReadUInt64LittleEndian(body.AsSpan(at + 8));
                int length = BinaryPrimitives.ReadInt32LittleEndian(body.AsSpan(at + 16));
                names.Add(Encoding.ASCII.GetString(body, at + 24, length));
                at += (24 + length + 7) & ~7;
            }

            between?.Invoke(call);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _session.DisposeAsync();
        await Files.DisposeAsync();
        await Service.DisposeAsync();
        Kernel.Dispose();
    }

    private Disk Opened(BlockGeometry geometry, Digest? root)
    {
        (TestDisk disk, bool local) = root is { } digest ? Disks[digest] : (new TestDisk(geometry, zeros: 1), true);
        return Service.Open(disk, local, upstream: true);
    }
}
