using OsCircular.SystemTests.Faults;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.Publishing;

public sealed class BlockDeviceTests
{
    [Fact(Timeout = 120_000)]
    public async Task Publish_BlockDeviceOfAPublishedImage_IsThatImage()
    {
        await using SmallRepository small = await SmallRepository.CreateAsync(blocks: 8);
        string device = (await TestProcess.ShellAsync("losetup --find --show --read-only \"$1\"", small.Image)).Trim();
        try
        {
            // The same index root by another way in: size by lseek, no holes known.
            ProcessResult same = await small.Repository.PublishAsync(device, "small");
            Assert.Contains("nothing was written", same.Output, StringComparison.Ordinal);
        }
        finally
        {
            await TestProcess.ShellAsync("losetup --detach \"$1\"", device);
        }
    }
}
