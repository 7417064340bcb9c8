using System.Net;
using System.Text;
using OsCircular.Agent.Configuration;
using OsCircular.Agent.Serving;
using OsCircular.Blocks;
using OsCircular.Cache;
using OsCircular.Cache.Repair;
using OsCircular.Fuse.Holding;
using OsCircular.Indexes;
using OsCircular.Library;
using OsCircular.Library.Carrying;
using OsCircular.Library.Pins;
using OsCircular.Mirrors;
using OsCircular.Peers;
using OsCircular.Peers.Access;
using OsCircular.Peers.Discovery;
using OsCircular.Peers.Summaries;
using OsCircular.Sources;
using OsCircular.Tests.Indexes;

namespace OsCircular.Tests.Fuzzing;

/// <summary>Every reader of what others wrote: each says whether it took the input, and holds what it took to what its users rely on.</summary>
internal static class FuzzTargets
{
    public static readonly IReadOnlyDictionary<string, Func<byte[], bool>> All = new SortedDictionary<string, Func<byte[], bool>>(StringComparer.Ordinal)
    {
        ["asked-path"] = AskedPathOf,
        ["beacon"] = BeaconOf,
        ["bencode"] = bytes => Bencode.TryParse(bytes, out _),
        ["byte-range"] = ByteRangeOf,
        ["catalogue-marker"] = bytes => CatalogMarker.TryParse(bytes, out CatalogMarker marker) && bytes.AsSpan().SequenceEqual(marker.ToBytes()),
        ["catalogue-page"] = CataloguePageOf,
        ["configuration"] = ConfigurationOf,
        ["export"] = ExportOf,
        ["group-key"] = bytes => Refuses(() => GroupKey.Of(bytes, "group.key")),
        ["hand-over"] = HandOverOf,
        ["head"] = HeadOf,
        ["head-comment"] = HeadCommentOf,
        ["hello"] = HelloOf,
        ["index-leaf"] = bytes => IndexPageOf(bytes, level: 0),
        ["index-inner"] = bytes => IndexPageOf(bytes, level: 1),
        ["manifest"] = ManifestOf,
        ["mirror-url"] = bytes => Refuses(() => MirrorUrl.Parse(Encoding.UTF8.GetString(bytes))),
        ["peers"] = PeersOf,
        ["pins"] = PinsOf,
        ["profile"] = ProfileOf,
        ["remembered-peers"] = bytes => RememberedPeers.TryParse(bytes, out IReadOnlyList<RememberedPeer>? peers) && peers.Count <= RememberedPeers.Most,
        ["scrub-place"] = bytes => ScrubPlace.TryParse(bytes, out ScrubPlace? place) && ScrubPlace.TryParse(place!.ToBytes(), out ScrubPlace? again) && place == again,
        ["summary"] = SummaryOf,
        ["tracker-answer"] = TrackerAnswerOf,
        ["trust"] = TrustOf,
    };

    private static string Ascii(byte[] bytes) => Encoding.Latin1.GetString(bytes);

    /// <summary>For readers that refuse by an error for people: one line of it, and no other exception.</summary>
    private static bool Refuses(Action read)
    {
        try
        {
            read();
            return true;
        }
        catch (UserError error)
        {
            Assert.NotEmpty(error.Message);
            return false;
        }
    }

    private static bool AskedPathOf(byte[] bytes)
    {
        if (!AskedPath.TryParse(Ascii(bytes), out AskedPath path)) return false;
        Assert.DoesNotContain("..", path.File.Relative ?? "", StringComparison.Ordinal);
        Assert.False(Path.IsPathRooted(path.File.Relative ?? ""));
        return true;
    }

    private static bool BeaconOf(byte[] bytes)
    {
        if (!Beacon.TryParse(bytes, out Beacon? beacon)) return false;
        Assert.InRange(beacon.Port, 1, 65535);
        Assert.NotEmpty(beacon.Groups);
        return true;
    }

    // Each file that it takes is one of a repository's, and no longer than such a file may be.
    private static bool ExportOf(byte[] bytes) => Refuses(() =>
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, bytes);
            using ExportReader reader = ExportReader.OpenAsync(path, CancellationToken.None).GetAwaiter().GetResult();
            while (reader.NextAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult() is { } entry)
            {
                Assert.DoesNotContain("..", entry.Path, StringComparison.Ordinal);
                Assert.InRange(entry.Length, 1, entry.Document?.MaxLength ?? StoredBlock.MaxLength);
                _ = reader.ReadAsync(entry, new byte[entry.Length], CancellationToken.None).AsTask().GetAwaiter().GetResult();
            }
        }
        finally
        {
            File.Delete(path);
        }
    });

    private static bool ByteRangeOf(byte[] bytes)
    {
        const long Length = 1000;
        if (ByteRange.Of(Ascii(bytes), Length) is not { } range) return false;
        Assert.InRange(range.Offset, 0, Length);
        Assert.InRange(range.Length, 0, Length - range.Offset);
        return range.IsPartial;
    }

    private static bool CataloguePageOf(byte[] bytes)
    {
        if (!CatalogPage.TryReadHeader(bytes, out int rows)) return false;
        for (int i = 0; i < rows; i++) CatalogPage.TryReadRow(bytes, i, out _);
        return true;
    }

    private static bool ConfigurationOf(byte[] bytes)
    {
        string path = Path.Combine(Path.GetTempPath(), $"oct-fuzz-{Environment.ProcessId}.json");
        File.WriteAllBytes(path, bytes);
        SettingLayers layers = new();
        return Refuses(() =>
        {
            layers.AddFile(path, AgentOptionsReader.Settings);
            _ = new AgentOptionsReader(layers).Read();
        });
    }

    // What an agent took over, the next takes over from it.
    private static bool HandOverOf(byte[] bytes)
    {
        if (!HandOverFormat.TryRead(bytes, out HandOver? state, out string? problem))
        {
            Assert.NotEmpty(problem);
            return false;
        }

        byte[] written = HandOverFormat.Write(state);
        Assert.True(HandOverFormat.TryRead(written, out HandOver? again, out _));
        Assert.Equal(written, HandOverFormat.Write(again));
        return true;
    }

    private static bool HeadOf(byte[] bytes)
    {
        if (!Head.TryOpen(bytes, Samples.Key.PublicKey, out Head? head, out _)) return false;
        Assert.True(head.Sequence >= 1);
        return true;
    }

    private static bool HeadCommentOf(byte[] bytes)
    {
        string text = Encoding.UTF8.GetString(bytes);
        if (!HeadComment.TryParse(text, out HeadComment? comment, out HeadRefusal? refusal))
        {
            Assert.NotNull(refusal);
            return false;
        }

        Assert.True(HeadComment.TryParse(comment.ToString(), out HeadComment? again, out _));
        Assert.Equal(comment.ToString(), again.ToString());
        return true;
    }

    private static bool HelloOf(byte[] bytes)
    {
        if (!PeerHello.TryParse(Ascii(bytes), out PeerHello? hello)) return false;
        Assert.True(PeerHello.TryParse(hello.ToString(), out PeerHello? again));
        Assert.Equal(hello, again);
        return true;
    }

    private static bool IndexPageOf(byte[] bytes, int level)
    {
        if (!IndexPage.TryParse(bytes, level, BlockGeometry.DefaultBlockSize, out IndexPage? page, out _)) return false;
        int seen = 0;
        for (int entry = page.NextPresent(0); entry < IndexShape.EntriesPerPage; entry = page.NextPresent(entry + 1), seen++)
        {
            if (level == 0 && page.TryGetRow(entry, out BlockRow row)) Assert.InRange(row.StoredLength, 1, BlockGeometry.DefaultBlockSize);
            else Assert.True(level > 0 && page.TryGetChild(entry, out _));
        }

        Assert.Equal(page.Count, seen);
        return true;
    }

    private static bool ManifestOf(byte[] bytes)
    {
        if (!Manifest.TryParse(bytes, out Manifest? manifest, out HeadRefusal? refusal))
        {
            Assert.DoesNotContain('\n', refusal.Message);
            return false;
        }

        Assert.True(Manifest.TryParse(manifest.ToBytes(), out Manifest? again, out _));
        Assert.Equal(manifest.ToBytes(), again.ToBytes());
        return true;
    }

    private static bool PeersOf(byte[] bytes)
    {
        IReadOnlyList<IPEndPoint> peers = PeersDocument.Read(bytes);
        Assert.InRange(peers.Count, 0, PeersDocument.Most);
        return peers.Count > 0;
    }

    private static bool PinsOf(byte[] bytes)
    {
        if (!PinBook.TryParse(bytes, out IReadOnlyList<PinEntry>? pins, out string? fault))
        {
            Assert.DoesNotContain('\n', fault);
            return false;
        }

        Assert.True(PinBook.TryParse(PinBook.ToBytes(pins), out IReadOnlyList<PinEntry>? again, out _));
        Assert.Equal(PinBook.ToBytes(pins), PinBook.ToBytes(again));
        return true;
    }

    private static bool ProfileOf(byte[] bytes)
    {
        const long Blocks = 8192;
        if (!BootProfile.TryParse(bytes, Blocks, out BootProfile? profile)) return false;
        Assert.All(profile.Blocks, block => Assert.InRange(block, 0, Blocks - 1));
        return true;
    }

    private static bool SummaryOf(byte[] bytes)
    {
        PeerSummary summary = new();
        List<HeldChange> changes = [];
        bool taken = summary.TryApply(bytes, changes, out _);
        Assert.InRange(summary.MemoryBytes, 0, 16 * bytes.Length + 100_000);
        summary.MayHold(0x0123_4567_89ab_cdef);
        return taken;
    }

    private static bool TrackerAnswerOf(byte[] bytes)
    {
        TrackerAnswer answer = TrackerAnswer.Parse(bytes);
        Assert.InRange(answer.Peers.Count, 0, TrackerAnswer.MostPeers);
        Assert.InRange(answer.Interval, TrackerAnswer.LeastInterval, TrackerAnswer.MostInterval);
        Assert.False(answer.Problem?.Any(char.IsControl) ?? false);
        return answer.Problem is null;
    }

    private static bool TrustOf(byte[] bytes)
    {
        if (!Trust.TryParse(bytes, out Trust? trust, out _)) return false;
        Assert.True(Trust.TryParse(trust.ToBytes(), out Trust? again, out _));
        Assert.Equal(trust.ToBytes(), again.ToBytes());
        return true;
    }
}
