using Microsoft.Extensions.Logging.Abstractions;
using OsCircular.Blocks;
using OsCircular.Disks;
using OsCircular.Sources;
using OsCircular.TestKit.Sources;

namespace OsCircular.TestKit.Disks;

/// <summary>A disk service over fakes: a local disk, a source behind it, and a repository of index pages.</summary>
public sealed class TestService : IAsyncDisposable
{
    private readonly DiskService _service;

    public TestService(DiskOptions? options = null, Func<IBlockSource, IBlockSource>? wrap = null, TimeProvider? time = null, Task? documentsHeldUntil = null)
    {
        _service = new DiskService(
            options ?? new DiskOptions { ReadAheadBlocks = 0 },
            Local,
            wrap is null ? Upstream : wrap(Upstream),
            documentsHeldUntil is null ? Documents : new HeldDocuments(Documents, documentsHeldUntil),
            time ?? TimeProvider.System,
            NullLogger<DiskService>.Instance);
    }

    public FakeLocalBlocks Local { get; } = new();
    public FakeBlockSource Upstream { get; } = new();
    public FakeDocumentSource Documents { get; } = new();
    public DiskStatus Status => _service.Status;

    public Disk Open(BlockGeometry geometry, Digest? root) => _service.Open(geometry, root);

    /// <summary>Publishes the disk's index, lets its block files lie where told, and opens it.</summary>
    public Disk Open(TestDisk disk, bool local, bool upstream)
    {
        disk.AddTo(Documents);
        if (local) disk.AddTo(Local);
        if (upstream) disk.AddTo(Upstream);
        return _service.Open(disk.Geometry, disk.Root);
    }

    public ValueTask DisposeAsync() => _service.DisposeAsync();

    private sealed class HeldDocuments(IDocumentSource inner, Task until) : IDocumentSource
    {
        public async ValueTask<FetchedDocument> FetchAsync(DocumentName name, Deadline deadline, CancellationToken cancellationToken)
        {
            await until.WaitAsync(cancellationToken);
            return await inner.FetchAsync(name, deadline, cancellationToken);
        }
    }
}
