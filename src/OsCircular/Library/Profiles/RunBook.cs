using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using OsCircular.Blocks;
using OsCircular.Cache;
using OsCircular.Indexes;

namespace OsCircular.Library.Profiles;

/// <summary>The recorded boots of one version, as a file of the cache: <c>agent/profile-IMAGE@VERSION.json</c>. Used by one task at a time.</summary>
public sealed class RunBook(StateFile file)
{
    public const int Format = 1;

    /// <summary>Of one version; the oldest goes when one more comes.</summary>
    public const int MaxRuns = 16;

    /// <summary>Bytes.</summary>
    public const int MaxLength = 32 * 1024 * 1024;

    /// <summary>Where a cache keeps those of a version.</summary>
    public static RunBook Of(CacheDirectory cache, ImageName image, VersionName version) => new(cache.State($"profile-{image}@{version}.json", MaxLength));

    /// <summary>Adds a run, durably.</summary>
    /// <param name="index">The version's index: runs of another disk of the same name are dropped.</param>
    /// <param name="run">What was recorded.</param>
    /// <param name="fresh">Forget the runs before.</param>
    /// <returns>All runs that are kept, oldest first.</returns>
    /// <exception cref="UserError">The file is damaged, or the disk did not take it.</exception>
    public IReadOnlyList<RecordedRun> Add(Digest index, RecordedRun run, bool fresh)
    {
        IReadOnlyList<RecordedRun> before = fresh ? [] : Load(index);
        RecordedRun[] runs = [.. before.TakeLast(MaxRuns - 1), run];
        try
        {
            file.Write(ToBytes(index, runs));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserError($"the run could not be saved in {file.Path}: {e.Message}; record again when the cache's disk is well", e);
        }

        return runs;
    }

    public static byte[] ToBytes(Digest index, IReadOnlyList<RecordedRun> runs) =>
        [.. JsonSerializer.SerializeToUtf8Bytes(new RunsDocument(Format, index.ToString(), runs), RunsContext.Default.RunsDocument), (byte)'\n'];

    /// <param name="bytes">The file's bytes.</param>
    /// <param name="index">The version's index.</param>
    /// <param name="runs">What was recorded of it; none, where the file tells of another.</param>
    /// <param name="fault">Why it says nothing, to follow "it ".</param>
    public static bool TryParse(ReadOnlySpan<byte> bytes, Digest index, [NotNullWhen(true)] out IReadOnlyList<RecordedRun>? runs, [NotNullWhen(false)] out string? fault)
    {
        runs = null;
        fault = "is damaged";
        try
        {
            RunsDocument? document = JsonSerializer.Deserialize(bytes, RunsContext.Default.RunsDocument);
            if (document?.Format > Format) fault = $"is of format {document.Format}, which a newer oscircular wrote";
            if (document?.Format != Format || document.Runs.Count > MaxRuns || !document.Runs.All(IsRun)) return false;
            runs = document.Index == index.ToString() ? [.. document.Runs.OfType<RecordedRun>()] : [];
            fault = null;
            return true;
        }
        catch (JsonException)
        {
            fault = "is damaged";
            return false;
        }
    }

    private static bool IsRun(RecordedRun? run) => run is not null && run.Blocks.Count == run.Milliseconds.Count
        && run.Blocks.All(block => block >= 0) && run.Blocks.Distinct().Count() == run.Blocks.Count;

    private IReadOnlyList<RecordedRun> Load(Digest index)
    {
        if (file.TryRead() is not { } bytes) return [];
        return TryParse(bytes, index, out IReadOnlyList<RecordedRun>? runs, out string? fault)
            ? runs
            : throw new UserError($"{file.Path} holds the runs recorded so far, but it {fault}; restore it, or begin anew with --fresh");
    }
}

internal sealed record RunsDocument(int Format, string Index, IReadOnlyList<RecordedRun?> Runs);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    MaxDepth = 16,
    AllowDuplicateProperties = false,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(RunsDocument))]
internal sealed partial class RunsContext : JsonSerializerContext;
