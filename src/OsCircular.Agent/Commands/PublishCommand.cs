using System.CommandLine;
using OsCircular.Agent.Configuration;
using OsCircular.Agent.Output;
using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.Indexes.Signing;
using OsCircular.Publishing;

namespace OsCircular.Agent.Commands;

/// <summary><c>publish</c>: an image becomes a version in a repository.</summary>
internal static class PublishCommand
{
    public static Command Create()
    {
        Argument<string> image = new("IMAGE") { Description = "A raw disk image, a block device, or a qcow2, vmdk, vhdx or vdi file." };
        Option<string> repository = CommonOptions.Repository();
        Option<string> name = new("--name") { Description = "The image's name: a-z, 0-9, '.', '_' and '-'.", HelpName = "NAME", Required = true };
        Option<string?> version = new("--version") { Description = "The version's name. Default: the number after the highest ever used.", HelpName = "V" };
        Option<string> key = CommonOptions.Key();
        Option<long?> blockSize = CommonOptions.Size("--block-size", "A power of two from 64KiB to 4MiB. Default: that of the image's last version, else 256KiB.");
        Option<int> level = new("--level") { Description = "zstd level, 1 to 19.", HelpName = "N", DefaultValueFactory = _ => BlockEncoder.DefaultLevel };
        Option<TimeSpan?> expires = CommonOptions.Time("--expires", "How long the new head may be adopted, such as 30d. Default: for ever.");
        Option<string?> profile = CommonOptions.Profile();
        Option<bool> pad = new("--pad") { Description = "Fill up with zeros to a multiple of 512 bytes." };
        Option<bool> raw = new("--raw") { Description = "Take the image as raw, whatever it begins with: for disks whose first bytes a guest could write." };
        Option<bool> json = CommonOptions.Json();
        Command command = new("publish", "Cut an image into blocks and add it to a repository as a new version.") { image, repository, name, version, key, blockSize, level, expires, profile, pad, raw, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            // Looked at first, so that a slip is said before a password is asked for.
            ImageName imageName = ImageName.Parse(parsed.GetRequiredValue(name));
            VersionName? versionName = parsed.GetValue(version) is { } text ? VersionName.Parse(text) : null;
            long? size = parsed.GetValue(blockSize);
            if (size is { } bytes && !BlockGeometry.IsValidBlockSize(bytes))
                throw new UserError($"--block-size: {Units.FormatSize(bytes)} is no block size; give a power of two from 64KiB to 4MiB", UserError.WrongUsage);
            PublishOptions options = new()
            {
                ImagePath = parsed.GetRequiredValue(image),
                RepositoryPath = parsed.GetRequiredValue(repository),
                Name = imageName,
                Version = versionName,
                Key = MinisignSecretKeyFile.Load(parsed.GetRequiredValue(key), () => Password.Ask("Password of the secret key: ")),
                BlockSize = (int?)size,
                Level = parsed.GetValue(level),
                ExpiresAfter = parsed.GetValue(expires),
                Profile = parsed.GetValue(profile),
                Pad = parsed.GetValue(pad),
                TreatAsRaw = parsed.GetValue(raw),
            };
            return await RunAsync(options, parsed.GetValue(json), TimeProvider.System, cancellationToken);
        });
        return command;
    }

    /// <summary>Publishes, with a progress bar, and prints what came of it.</summary>
    public static async Task<int> RunAsync(PublishOptions options, bool json, TimeProvider time, CancellationToken cancellationToken)
    {
        PublishResult result;
        using (PublishBar bar = new(time))
            result = await new Publisher(time).PublishAsync(options, bar, cancellationToken);
        if (json) Console.Out.WriteLine(Json.Write(PublishReport.Of(options.Name, result)));
        else Print(options.Name, result, overlay: options.Overlay is not null);
        return 0;
    }

    private static void Print(ImageName name, PublishResult result, bool overlay)
    {
        if (result.Unchanged)
        {
            Console.Out.WriteLine($"{name}@{result.Version} holds just this image: nothing was written ({Units.FormatTime(result.Elapsed)})");
            return;
        }

        BlockCounts blocks = result.Blocks;
        Console.Out.WriteLine($"published {name}@{result.Version}, {Units.FormatSize(result.Geometry.DiskSize)} in {Units.FormatTime(result.Elapsed)}");
        Console.Out.WriteLine($"  blocks  {blocks.Total} of {Units.FormatSize(result.Geometry.BlockSize)}: {blocks.New} new, {blocks.Reused} known, {blocks.Zero} zero");
        if (overlay) Console.Out.WriteLine($"  read    {Units.FormatSize(blocks.BytesRead)}, the blocks that the overlay touches");
        Console.Out.WriteLine($"  added   {Units.FormatSize(blocks.NewStoredBytes)} in block files, {Units.FormatSize(result.NewPageBytes)} of index");
        Console.Out.WriteLine($"  stored  {Units.FormatSize(result.StoredBytes)} in all for this version");
        if (result.Profile is { } profile) Console.Out.WriteLine($"  profile {profile.Blocks} blocks{(profile.InheritedFrom is { } from ? $", from version {from}" : "")}");
        Console.Out.WriteLine($"  head    sequence {result.Sequence} of repository {result.Repository}");
    }

    /// <summary>The phases of a publish as progress bars.</summary>
    private sealed class PublishBar(TimeProvider time) : IProgress<PublishProgress>, IDisposable
    {
        private PublishPhase? _phase;
        private ProgressLine? _line;

        public void Report(PublishProgress progress)
        {
            if (progress.Phase != _phase)
            {
                _line?.Dispose();
                _phase = progress.Phase;
                // qemu-img tells a share of its work, not bytes.
                _line = new ProgressLine(progress.Phase.ToString().ToLowerInvariant(), time, ProgressLine.Terminal, inBytes: progress.Phase != PublishPhase.Converting);
            }

            if (progress.BytesTotal > 0) _line!.Report(progress.BytesDone, progress.BytesTotal);
        }

        public void Dispose() => _line?.Dispose();
    }
}
