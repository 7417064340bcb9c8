using System.Buffers.Binary;
using System.Net.Sockets;
using OsCircular.Fuse.Holding;
using OsCircular.TestKit;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.Takeover;

/// <summary>Upgrades and downgrades: what agents of other versions leave with a holder. The test is that other agent.</summary>
public sealed class HandOverTests : IAsyncLifetime
{
    private const int VersionAt = 8;

    private static readonly TimeSpan Limit = TakeoverBench.Limit;

    private TakeoverBench _bench = null!;

    public async ValueTask InitializeAsync() => _bench = await TakeoverBench.CreateAsync();

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Fact(Timeout = 90_000)]
    public async Task NewerProgram_AddedFields_OlderServesAndGivesThemBack()
    {
        await _bench.StartAndKillAsync();
        using (HolderKeeper newer = Holder())
        {
            HandOver state = Taken(newer);
            newer.Save(state with { Generation = state.Generation + 1, Others = [new HandOverField(900, new byte[] { 1, 2, 3 })] }, serving: true);
        }

        await using (TestProcess older = await _bench.StartReadyAsync())
        {
            Assert.Equal(3u, (await _bench.TakeoverAsync()).Generation);
            await _bench.AssertSameAsync();
            await TakeoverBench.KillAsync(older);
        }

        using (HolderKeeper newer = Holder())
        {
            HandOverField field = Assert.Single(Taken(newer).Others);
            Assert.Equal((900, "010203"), (field.Tag, Convert.ToHexString(field.Value.Span)));
        }
    }

    [Fact(Timeout = 90_000)]
    public async Task NewerProgram_HigherVersion_OlderRefusesAndLeavesTheMountKept()
    {
        await _bench.StartAndKillAsync();
        byte[] before = SaveRaw(state =>
        {
            BinaryPrimitives.WriteUInt16LittleEndian(state.AsSpan(VersionAt), 2);
            return state;
        });

        await using (TestProcess older = _bench.Start())
        {
            ProcessResult end = await older.WaitForExitAsync(Limit);
            Assert.Equal(1, end.ExitCode);
            Assert.Contains("its format is 2", end.Errors, StringComparison.Ordinal);
        }

        Assert.True(_bench.IsMounted());
        BinaryPrimitives.WriteUInt16LittleEndian(before.AsSpan(VersionAt), 1);
        SaveRaw(_ => before);
        await using TestProcess agent = await _bench.StartReadyAsync();
        await _bench.AssertSameAsync();
        agent.Signal(TestProcess.Terminate);
        Assert.Equal(0, (await agent.WaitForExitAsync(Limit)).ExitCode);
    }

    [Fact(Timeout = 90_000)]
    public async Task OtherRepository_UnusedMount_IsMountedAnew()
    {
        await _bench.StartAndKillAsync();
        using (HolderKeeper other = Holder()) other.Save(Taken(other) with { Identity = "0123456789abcdef" }, serving: true);

        await using TestProcess agent = await _bench.StartReadyAsync();

        Assert.Equal(1u, (await _bench.TakeoverAsync()).Generation);
        await _bench.AssertSameAsync();
        agent.Signal(TestProcess.Terminate);
        Assert.Equal(0, (await agent.WaitForExitAsync(Limit)).ExitCode);
    }

    [Fact(Timeout = 90_000)]
    public async Task ManyAgentsEndedUnproven_ResentRequestsFailAndTheMountServesOn()
    {
        _bench.Stalls = true;
        await using (TestProcess killed = await _bench.StartReadyAsync())
        {
            await using TestProcess reader = _bench.StartReading(block: 1);
            await Eventually.IsSoAsync(() => _bench.AskedForBlocks > 0);
            await TakeoverBench.KillAsync(killed);
            using (HolderKeeper ended = Holder()) ended.Save(Taken(ended) with { Unproven = 8 }, serving: false);

            _bench.Stalls = false;
            await using TestProcess agent = await _bench.StartReadyAsync();
            // dd failed; cmp found nothing to compare.
            Assert.NotEqual("0 0", (await reader.WaitForExitAsync(Limit)).Output.Trim());
            await _bench.AssertSameAsync();
            agent.Signal(TestProcess.Terminate);
            Assert.Equal(0, (await agent.WaitForExitAsync(Limit)).ExitCode);
        }
    }

    private string SocketPath => Path.Combine(OsCircular.Cache.RuntimeDirectory.For(_bench.Cache), "holder.sock");

    private HolderKeeper Holder() => new(new HolderCommand("/nowhere", []), SocketPath, TimeSpan.FromSeconds(30));

    private static HandOver Taken(HolderKeeper holder)
    {
        KeptMount kept = holder.Take()!;
        kept.Device.Dispose();
        Assert.True(HandOverFormat.TryRead(kept.State.Span, out HandOver? state, out string? problem), problem);
        return state;
    }

    /// <summary>Takes and saves by the bytes that Formats.md gives, and by nothing of ours.</summary>
    private byte[] SaveRaw(Func<byte[], byte[]> change)
    {
        using Socket holder = new(AddressFamily.Unix, SocketType.Seqpacket, ProtocolType.Unspecified) { ReceiveTimeout = 10_000 };
        holder.Connect(new UnixDomainSocketEndPoint(SocketPath));
        byte[] state = Call(holder, kind: 1, []);
        Call(holder, kind: 5, change(state));
        return state;
    }

    private static byte[] Call(Socket holder, ushort kind, byte[] body)
    {
        byte[] message = [.. "OCHM"u8, 1, 0, (byte)kind, 0, .. BitConverter.GetBytes(30_000), .. BitConverter.GetBytes(body.Length), .. body];
        holder.Send(message);
        byte[] answer = new byte[32 << 10];
        // The descriptor beside it is closed by the kernel, for nobody asks for it.
        int length = holder.Receive(answer);
        return answer[16..length];
    }
}
