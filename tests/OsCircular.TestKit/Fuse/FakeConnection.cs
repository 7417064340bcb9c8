using Microsoft.Extensions.Logging.Abstractions;
using OsCircular.Fuse;

namespace OsCircular.TestKit.Fuse;

/// <summary>A session that serves a <see cref="MemoryFileSystem"/> to a <see cref="FuseKernelFake"/>.</summary>
public sealed class FakeConnection : IAsyncDisposable
{
    public FakeConnection(FuseSessionOptions? options = null, bool init = true)
    {
        Session = NewSession(options ?? new FuseSessionOptions { Threads = 3 });
        Session.Start();
        if (init) Kernel.Init();
    }

    public FuseKernelFake Kernel { get; } = new();

    public MemoryFileSystem Files { get; } = new();

    public FuseSession Session { get; }

    /// <summary>Another session on the same descriptor, not started.</summary>
    public FuseSession NewSession(FuseSessionOptions options) =>
        NewSession(options, Files);

    /// <summary>Ends the session and has another file system served on the same descriptor.</summary>
    public async Task<FuseSession> ReplaceSessionAsync(IFuseFileSystem files)
    {
        await Session.DisposeAsync();
        FuseSession session = NewSession(new FuseSessionOptions { Threads = 2, Negotiated = await Session.Connected }, files);
        session.Start();
        return session;
    }

    private FuseSession NewSession(FuseSessionOptions options, IFuseFileSystem files) =>
        new(Kernel.Device, files, options, NullLogger<FuseSession>.Instance, TimeProvider.System);

    public async ValueTask DisposeAsync()
    {
        await Session.DisposeAsync();
        Kernel.Dispose();
    }
}
