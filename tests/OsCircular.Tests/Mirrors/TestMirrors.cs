using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using OsCircular.Mirrors;
using OsCircular.TestKit;
using OsCircular.TestKit.Mirrors;

namespace OsCircular.Tests.Mirrors;

internal static class TestMirrors
{
    public static MirrorSource Over(string[] urls, MirrorOptions? options = null, TimeProvider? time = null) =>
        Over([.. urls.Select(url => MirrorSource.Open(url, options ?? new MirrorOptions(), time ?? TimeProvider.System))], options, time);

    public static MirrorSource Over(IMirror[] mirrors, MirrorOptions? options = null, TimeProvider? time = null) => new(
        mirrors,
        options ?? new MirrorOptions(),
        time ?? TimeProvider.System,
        new Random(1),
        new MirrorMetrics(new TestMeters()),
        NullLogger<MirrorSource>.Instance);

    /// <summary>Lets time pass until the task ends; fails the test where that takes too much of the real one.</summary>
    public static async Task<T> RunAsync<T>(FakeTimeProvider time, Task<T> task)
    {
        await Eventually.IsSoAsync(() =>
        {
            if (!task.IsCompleted) time.Advance(TimeSpan.FromMilliseconds(100));
            return task.IsCompleted;
        });
        return await task;
    }
}
