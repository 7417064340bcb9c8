using OsCircular.Fuse;
using OsCircular.Fuse.Protocol;
using OsCircular.TestKit.Fuse;

namespace OsCircular.Tests.Fuse;

public sealed class FuseAllocationTests
{
    private const int WarmUp = 2_000;
    private const int Measured = 10_000;

    // Less than a byte for each read: a lock wanted by two threads for the first time makes its wait object, one more read under way its FuseRead.
    private const int Once = Measured - 1;

    /// <summary>Each thread looks at its own count at the start of each read: between two lie the reply to one and the taking of the next.</summary>
    [Fact]
    public async Task Read_InSteadyState_AllocatesNothingOnReaderThreads()
    {
        await using var connection = new FakeConnection(new FuseSessionOptions { Threads = 2 });
        MemoryFile file = connection.Files.AddFile(connection.Files.Root, "a", new byte[65536]);
        using var last = new ThreadLocal<long>();
        long allocated = 0;
        int reads = 0;
        connection.Files.Reading = _ =>
        {
            long now = GC.GetAllocatedBytesForCurrentThread();
            if (++reads > WarmUp && last.Value != 0) Interlocked.Add(ref allocated, now - last.Value);
            last.Value = now;
        };
        byte[] message = FuseKernelFake.Message(0, FuseOpcode.Read, file.Id, FuseKernelFake.ReadBody(0, 65536));
        Drive(connection.Kernel, message, WarmUp + Measured);
        Assert.InRange(allocated, 0, Once);
    }

    /// <summary>The reply from a thread of the file system's, as after a fetch.</summary>
    [Fact]
    public async Task Reply_FromAnotherThread_AllocatesNothing()
    {
        await using var connection = new FakeConnection(new FuseSessionOptions { Threads = 2 });
        using var source = new LaterFileSystem();
        await using FuseSession session = await connection.ReplaceSessionAsync(source);
        byte[] message = FuseKernelFake.Message(0, FuseOpcode.Read, 1, FuseKernelFake.ReadBody(0, 65536));
        Drive(connection.Kernel, message, WarmUp + Measured);
        Assert.InRange(source.AllocatedAfter(WarmUp), 0, Once);
    }

    private static void Drive(FuseKernelFake kernel, byte[] message, int count)
    {
        for (ulong i = 1; i <= (ulong)count; i++)
        {
            BitConverter.TryWriteBytes(message.AsSpan(8), 2 * i);
            kernel.SendRaw(message);
            Assert.Equal(65536, kernel.ReceiveLength());
        }
    }

    /// <summary>Hands each read to one thread of its own, which answers it.</summary>
    private sealed class LaterFileSystem : EmptyFileSystem, IFuseInterruptible, IDisposable
    {
        private readonly byte[] _bytes = GC.AllocateArray<byte>(65536, pinned: true);
        private readonly SemaphoreSlim _asked = new(0);
        private readonly Thread _thread;
        private readonly List<long> _allocated = new(WarmUp + Measured + 1);
        private FuseRead? _read;

        public LaterFileSystem()
        {
            _thread = new Thread(Answer) { IsBackground = true };
            _thread.Start();
        }

        public override void Read(FuseRead request)
        {
            Assert.True(request.TrySetInterruptHandler(this));
            _read = request;
            _asked.Release();
        }

        public void OnInterrupt(FuseRequest request)
        {
        }

        public long AllocatedAfter(int reads) => _allocated[^1] - _allocated[reads];

        public void Dispose()
        {
            _read = null;
            _asked.Release();
            _thread.Join();
            _asked.Dispose();
        }

        private void Answer()
        {
            while (true)
            {
                _asked.Wait();
                if (_read == null) return;
                _allocated.Add(GC.GetAllocatedBytesForCurrentThread());
                _read.Reply(_bytes);
            }
        }
    }
}
