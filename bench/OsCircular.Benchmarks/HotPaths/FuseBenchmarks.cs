using BenchmarkDotNet.Attributes;
using OsCircular.Fuse;
using OsCircular.Fuse.Protocol;
using OsCircular.TestKit.Fuse;

namespace OsCircular.Benchmarks.HotPaths;

/// <summary>A read request over a socket pair in the kernel's place: taken off, understood, answered from memory, and the way there and back.</summary>
public class FuseBenchmarks
{
    private FakeConnection _connection = null!;
    private byte[] _small = [];
    private byte[] _large = [];
    private ulong _unique;

    [GlobalSetup]
    public void Connect()
    {
        _connection = new FakeConnection(new FuseSessionOptions { Threads = 2 });
        MemoryFile file = _connection.Files.AddFile(_connection.Files.Root, "disk.raw", MemoryFileSystem.Content(1 << 20));
        _small = FuseKernelFake.Message(0, FuseOpcode.Read, file.Id, FuseKernelFake.ReadBody(0, 4096));
        _large = FuseKernelFake.Message(0, FuseOpcode.Read, file.Id, FuseKernelFake.ReadBody(0, 131072));
    }

    [GlobalCleanup]
    public void Close() => _connection.DisposeAsync().AsTask().Wait();

    [Benchmark]
    public int Read4KiB() => Call(_small);

    [Benchmark]
    public int Read128KiB() => Call(_large);

    private int Call(byte[] message)
    {
        BitConverter.TryWriteBytes(message.AsSpan(8), _unique += 2);
        _connection.Kernel.SendRaw(message);
        return _connection.Kernel.ReceiveLength();
    }
}
