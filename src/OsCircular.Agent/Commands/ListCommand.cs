using System.CommandLine;
using Microsoft.Extensions.Logging.Abstractions;
using OsCircular.Agent.Configuration;
using OsCircular.Agent.Hosting;
using OsCircular.Agent.Output;
using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.Indexes.Signing;
using OsCircular.Mirrors;
using OsCircular.Sources;
using Spectre.Console;

namespace OsCircular.Agent.Commands;

/// <summary><c>list</c>: the images and versions that mirrors offer, or that a cache has adopted.</summary>
internal static class ListCommand
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private sealed record Entry(string Image, string Version, bool Latest, long DiskSize, int BlockSize, long StoredBytes, DateTimeOffset Published, string? Index, DateTimeOffset? Retired);

    public static Command Create()
    {
        Option<string[]> mirror = CommonOptions.Mirror();
        Option<string?> publicKey = CommonOptions.PublicKey();
        Option<string?> cache = CommonOptions.Cache();
        Option<bool> json = CommonOptions.Json();
        Command command = new("list", "List images and versions.") { mirror, publicKey, cache, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            string[] mirrors = parsed.GetValue(mirror) ?? [];
            string? directory = parsed.GetValue(cache);
            if ((mirrors.Length == 0) == (directory is null)) throw new UserError("give either --mirror URL and --public-key KEY, or --cache DIR", UserError.WrongUsage);
            string? key = parsed.GetValue(publicKey);
            if (directory is null && key is null) throw new UserError("--public-key is missing: a mirror's list is worth nothing unless it is checked against the publisher's key", UserError.WrongUsage);
            // A cache is the repository's tree, so it lists like a mirror.
            KeyRing publisher = key is null ? CacheTrust.Of(directory!).Keys : KeyRing.Of(MinisignPublicKey.Load(key));
            Manifest manifest = await NewestAsync(directory is null ? mirrors : [directory], publisher, TimeProvider.System, cancellationToken);
            Entry[] entries = [.. manifest.Images.SelectMany(image => image.Versions.Select(version => EntryOf(image, version)))];
            if (parsed.GetValue(json)) Console.Out.WriteLine(Json.Write(entries));
            else Print(entries);
            return 0;
        });
        return command;
    }

    /// <summary>The manifest of the newest head that these mirrors or folders have.</summary>
    /// <exception cref="UserError">None could be had.</exception>
    public static async Task<Manifest> NewestAsync(IReadOnlyList<string> urls, KeyRing keys, TimeProvider time, CancellationToken cancellationToken)
    {
        MirrorOptions options = new();
        using AgentMeters meters = new();
        using MirrorSource mirrors = new([.. urls.Select(url => MirrorSource.Open(url, options, time))], options, time, new Random(0), new MirrorMetrics(meters), NullLogger<MirrorSource>.Instance);
        Deadline deadline = Deadline.In(Limit, time);
        Head? newest = null;
        List<string> problems = [];
        foreach (IHeadSource mirror in mirrors.Heads)
        {
            FetchedHead fetched = await mirror.FetchHeadAsync(deadline, cancellationToken);
            if (!fetched.Succeeded) problems.Add($"{mirror.Name}: no head could be had ({fetched.Error.ToString().ToLowerInvariant()})");
            else if (!Head.TryOpen(fetched.Bytes, keys, out Head? head, out HeadRefusal? refusal)) problems.Add($"{mirror.Name}: its head {refusal}");
            else if (newest is null || head.Sequence > newest.Sequence) newest = head;
        }

        if (newest is null) throw new UserError(string.Join("; ", problems));
        FetchedDocument document = await mirrors.FetchAsync(new DocumentName(DocumentKind.Manifest, newest.Manifest), deadline, cancellationToken);
        if (!document.Succeeded) throw new UserError($"the manifest of sequence {newest.Sequence} could not be had ({document.Error.ToString().ToLowerInvariant()}); the mirror may lag, try again later");
        if (!newest.Signs(document.Bytes.Span)) throw new UserError($"the manifest of sequence {newest.Sequence} is not the one that its head signs; tell the publisher");
        return Manifest.TryParse(document.Bytes.Span, out Manifest? manifest, out HeadRefusal? fault) ? manifest : throw new UserError($"the manifest of sequence {newest.Sequence} {fault}");
    }

    private static Entry EntryOf(ManifestImage image, ManifestVersion version) => new(
        image.Name.ToString(), version.Name.ToString(), version == image.Latest, version.Geometry.DiskSize, version.Geometry.BlockSize, version.StoredBytes, version.Published, version.Index?.ToString(), version.Retired);

    private static void Print(Entry[] entries)
    {
        Table table = Tables.New(2, 4, "image", "version", "disk", "stored", "published", "");
        foreach (Entry entry in entries)
        {
            string standing = entry.Latest ? "latest" : entry.Retired is { } since ? $"retired {since:yyyy-MM-dd}" : "";
            table.AddRow(entry.Image, entry.Version, Units.FormatSize(entry.DiskSize), Units.FormatSize(entry.StoredBytes), $"{entry.Published:yyyy-MM-dd HH:mm}", standing);
        }

        Tables.Write(table);
    }
}
