using CsCheck;
using OsCircular.Blocks;
using OsCircular.Disks;
using OsCircular.Sources;
using OsCircular.TestKit.Disks;
using OsCircular.TestKit.Sources;

namespace OsCircular.Tests.Disks;

/// <summary>Random readers of random disks against the disk's own bytes, with little memory, damaged local copies,
/// cancelled reads and a source that fails: an error now and then, never a wrong byte.</summary>
public sealed class DiskModelTests
{
    private sealed record Plan(int Shift, int Sectors, double Zeros, int Seed, int Readers, int Ahead, int Faults);

    private static readonly Gen<Plan> Plans =
        Gen.Select(Gen.Int[16, 22], Gen.Int[1, 24 * 1024], Gen.Double[0, 0.6], Gen.Int, Gen.Int[1, 8], Gen.Int[0, 32], Gen.Int[0, 6].Select(n => n < 3 ? 0 : n))
            .Select((shift, sectors, zeros, seed, readers, ahead, faults) => new Plan(shift, sectors, zeros, seed, readers, ahead, faults));

    [Fact]
    public void Read_ParallelWithFaults_NeverYieldsAWrongByte() => Plans.Sample(plan => RunAsync(plan).GetAwaiter().GetResult(), iter: 40, threads: 1);

    private static async Task RunAsync(Plan plan)
    {
        var image = new TestDisk(new BlockGeometry(plan.Sectors * 512L, 1 << plan.Shift), plan.Seed, plan.Zeros);
        var other = new TestDisk(new BlockGeometry(plan.Sectors * 512L, BlockGeometry.MinBlockSize), plan.Seed + 1, plan.Zeros);
        var options = new DiskOptions { MemoryBytes = DiskOptions.MinMemoryBytes, Workers = 3, ReadAheadBlocks = plan.Ahead };
        await using var service = new TestService(options, source => new FaultySource(source, (_, call) => FaultOf(call, plan.Faults)));
        Disk disk = service.Open(image, local: true, upstream: true);
        Disk second = service.Open(other, local: false, upstream: true);
        Damage(service.Local, image, plan.Seed);

        int failed = 0;
        await Task.WhenAll(Enumerable.Range(0, plan.Readers).Select(reader => Task.Run(async () =>
        {
            var random = new Random(plan.Seed + reader);
            var read = new TestRead();
            for (int i = 0; i < 40; i++)
            {
                (Disk from, TestDisk model) = random.Next(4) == 0 ? (second, other) : (disk, image);
                long offset = random.NextInt64(image.Geometry.DiskSize + 4096);
                int length = random.Next(3) == 0 ? random.Next(DiskRead.MaxLength + 1) : random.Next(8192);
                read.Start(from, offset, length, inline: reader % 2 == 0);
                Task cancel = random.Next(10) == 0 ? Task.Run(read.Read.Cancel) : Task.CompletedTask;
                await Task.WhenAll(read.Done, cancel).WaitAsync(TimeSpan.FromSeconds(60));
                Assert.Equal(1, read.Completions);
                (SourceError error, byte[] bytes) = read.Take();
                if (error == SourceError.None) AssertSame(model, offset, length, bytes);
                else if (error != SourceError.Cancelled) Interlocked.Increment(ref failed);
            }
        })));
        if (plan.Faults == 0) Assert.Equal(0, failed);
        Assert.Equal(0, service.Status.WaitingReads);
    }

    private static Fault FaultOf(int call, int faults) => faults == 0 ? Fault.None : (call % faults) switch
    {
        0 => SourceError.Unreachable,
        1 => Fault.WrongBytes,
        _ => Fault.None,
    };

    /// <summary>A third of the local copies gone, a third with a bit flipped.</summary>
    private static void Damage(FakeLocalBlocks local, TestDisk image, int seed)
    {
        var random = new Random(seed);
        foreach ((BlockName name, byte[] blockFile) in image.BlockFiles)
        {
            switch (random.Next(3))
            {
                case 0:
                    local.Remove(name);
                    break;
                case 1:
                    byte[] damaged = [.. blockFile];
                    damaged[random.Next(damaged.Length)] ^= 1;
                    local.AddDamaged(name, damaged);
                    break;
            }
        }
    }

    private static void AssertSame(TestDisk model, long offset, int length, byte[] bytes)
    {
        int expected = (int)Math.Clamp(model.Geometry.DiskSize - offset, 0, length);
        Assert.Equal(expected, bytes.Length);
        Assert.True(expected == 0 || model.Bytes.AsSpan((int)offset, expected).SequenceEqual(bytes), $"{length} at {offset}");
    }
}
