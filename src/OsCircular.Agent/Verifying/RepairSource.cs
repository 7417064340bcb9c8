using Microsoft.Extensions.Logging;
using OsCircular.Agent.Hosting;
using OsCircular.Blocks;
using OsCircular.Mirrors;
using OsCircular.Publishing;
using OsCircular.Sources;

namespace OsCircular.Agent.Verifying;

/// <summary>What <c>--from</c> names: a mirror's URL, a folder that is a copy, or a disk image whose blocks are made again. Without it, nowhere.</summary>
internal sealed class RepairSource : IDisposable
{
    private readonly string? _image;
    private readonly AgentMeters _meters = new();
    private readonly MirrorSource? _mirror;
    private ImageSource? _opened;

    /// <param name="from">As written; null: nowhere.</param>
    /// <param name="time">Of every wait.</param>
    /// <param name="logs">Where the mirror's failures go.</param>
    /// <exception cref="UserError">It is none of the three.</exception>
    public RepairSource(string? from, TimeProvider time, ILoggerFactory logs)
    {
        if (from is null) return;
        if (!from.Contains("://", StringComparison.Ordinal) && !Directory.Exists(from))
        {
            _image = File.Exists(from) ? from : throw new UserError($"{from}: no such file or folder; give --from a mirror's URL, a copy's folder or a disk image", UserError.WrongUsage);
            return;
        }

        MirrorOptions options = new();
        Random random = new(System.Security.Cryptography.RandomNumberGenerator.GetInt32(int.MaxValue));
        _mirror = new MirrorSource([MirrorSource.Open(from, options, time)], options, time, random, new MirrorMetrics(_meters), logs.CreateLogger<MirrorSource>());
    }

    /// <summary>Whether there is any.</summary>
    public bool IsSet => _mirror is not null || _image is not null;

    /// <summary>Made ready for what is wanted now.</summary>
    public GoodFiles For(VerifySurvey survey, CancellationToken cancellationToken)
    {
        if (_mirror is not null) return new GoodFiles(_mirror, _mirror);
        if (_image is null) return new GoodFiles(new NowhereSource(), new NowhereSource());
        _opened?.Dispose();
        _opened = ImageSource.Open(_image, survey.Blocks, survey.BlockSizes, cancellationToken);
        return new GoodFiles(_opened, _opened);
    }

    public void Dispose()
    {
        _opened?.Dispose();
        _mirror?.Dispose();
        _meters.Dispose();
    }
}
