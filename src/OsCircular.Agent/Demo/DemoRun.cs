using System.Net;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using OsCircular.Agent.Configuration;
using OsCircular.Agent.Control;
using OsCircular.Agent.Doctor;
using OsCircular.Agent.Hosting;
using OsCircular.Agent.Serving;
using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.Indexes.Signing;
using OsCircular.Publishing;

namespace OsCircular.Agent.Demo;

/// <summary>
/// The life of an image in one run: made, published, served, mounted, read whole and compared, updated under the mount; then the mirror stops,
/// the agent starts again on its cache alone, and everything is read once more.
/// </summary>
/// <param name="folder">An empty folder for all of it.</param>
/// <param name="steps">Told what is being done, a line each.</param>
/// <param name="time">The clock.</param>
internal sealed class DemoRun(string folder, TextWriter steps, TimeProvider time)
{
    private static readonly ImageName Image = ImageName.Parse("demo");
    private static readonly TimeSpan UpdateLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan UpdatePoll = TimeSpan.FromMilliseconds(50);

    private readonly List<DemoReading> _readings = [];
    private readonly MinisignSecretKey _key = MinisignSecretKey.Generate();

    private string Repository => Path.Combine(folder, "repository");
    private string MountPoint => Path.Combine(folder, "mnt");

    /// <exception cref="UserError">This host cannot mount, or a step failed.</exception>
    public async Task<DemoReport> RunAsync(CancellationToken cancellationToken)
    {
        RequireMounting();
        steps.WriteLine("making two versions of a disk image of real files");
        DemoImage image = new(Host.This, folder);
        string kind = await image.MakeAsync(cancellationToken);
        string first = await Sha256Async(image.FirstVersion, cancellationToken);
        string second = await Sha256Async(image.SecondVersion, cancellationToken);

        steps.WriteLine("publishing version 1");
        PublishResult published = await PublishAsync(image.FirstVersion, cancellationToken);
        PublishResult update;
        Directory.CreateDirectory(MountPoint);
        await using (MirrorServer mirror = await MirrorServer.StartAsync(Repository, new IPEndPoint(IPAddress.Loopback, 0), new MirrorServerOptions(), NullLoggerFactory.Instance, cancellationToken))
        {
            steps.WriteLine($"serving it at {mirror.Url}, mounting it at {MountPoint}");
            await using AgentHost agent = await StartAgentAsync([mirror.Url.ToString()], cancellationToken);
            await ReadAsync(agent, "version 1, first time", "1", first, cancellationToken);

            steps.WriteLine("publishing version 2, the update, while version 1 is mounted");
            update = await PublishAsync(image.SecondVersion, cancellationToken);
            await WaitForLatestAsync("2", cancellationToken);
            await ReadAsync(agent, "version 2, first time", "latest", second, cancellationToken);
        }

        steps.WriteLine("the mirror is stopped; the agent starts again, offline");
        await using (AgentHost agent = await StartAgentAsync([], cancellationToken))
        {
            await ReadAsync(agent, "version 1, offline", "1", first, cancellationToken);
            await ReadAsync(agent, "version 2, offline", "2", second, cancellationToken);
        }

        return new DemoReport
        {
            Kind = kind,
            DiskSize = published.Geometry.DiskSize,
            ImageStoredBytes = published.StoredBytes,
            PublishSeconds = published.Elapsed.TotalSeconds,
            UpdateBytes = update.Blocks.NewStoredBytes + update.NewPageBytes,
            UpdateSeconds = update.Elapsed.TotalSeconds,
            Readings = _readings,
        };
    }

    private static void RequireMounting()
    {
        Finding? missing = Examination.Run(Host.This).FirstOrDefault(finding => finding.State == FindingState.Missing);
        if (missing is not null) throw new UserError($"this host cannot mount: {missing.What}; {missing.Advice}");
    }

    private Task<PublishResult> PublishAsync(string image, CancellationToken cancellationToken) =>
        new Publisher(time).PublishAsync(new PublishOptions { ImagePath = image, RepositoryPath = Repository, Name = Image, Key = _key }, new Progress<PublishProgress>(), cancellationToken);

    private Task<AgentHost> StartAgentAsync(IReadOnlyList<string> mirrors, CancellationToken cancellationToken) => AgentHost.StartAsync(
        new AgentOptions
        {
            MountPoint = MountPoint,
            CacheDirectory = Path.Combine(folder, "cache"),
            PublicKey = _key.PublicKey.ToString(),
            Mirrors = mirrors,
            Refresh = TimeSpan.FromSeconds(1),
            // It ends with this process, whatever becomes of that.
            TakeoverTime = TimeSpan.Zero,
        },
        NullLoggerFactory.Instance, time, cancellationToken);

    private async Task ReadAsync(AgentHost agent, string what, string version, string expected, CancellationToken cancellationToken)
    {
        string path = Path.Combine(MountPoint, Image.ToString(), version, "disk.raw");
        StatusReport before = agent.Status();
        (string digest, TimeSpan elapsed) = await DemoReader.DigestAsync(path, time, cancellationToken);
        _readings.Add(DemoReport.Reading(what, new FileInfo(path).Length, elapsed, digest == expected, before, agent.Status()));
    }

    private async Task WaitForLatestAsync(string version, CancellationToken cancellationToken)
    {
        string latest = Path.Combine(MountPoint, Image.ToString(), "latest");
        long started = time.GetTimestamp();
        while (new FileInfo(latest).LinkTarget != version)
        {
            if (time.GetElapsedTime(started) > UpdateLimit) throw new UserError($"{latest} still leads to {new FileInfo(latest).LinkTarget} after {UpdateLimit.TotalSeconds} s; run 'oscircular doctor'");
            await Task.Delay(UpdatePoll, time, cancellationToken);
        }
    }

    private async Task<string> Sha256Async(string path, CancellationToken cancellationToken)
    {
        await using FileStream file = File.OpenRead(path);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellationToken));
    }
}
