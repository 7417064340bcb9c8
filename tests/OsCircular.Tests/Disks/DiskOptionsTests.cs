using OsCircular.Disks;

namespace OsCircular.Tests.Disks;

public sealed class DiskOptionsTests
{
    [Fact]
    public void Validate_Defaults_FindsNothing()
    {
        List<string> errors = [];
        new DiskOptions().Validate(errors);
        Assert.Empty(errors);
    }

    [Fact]
    public void Validate_EveryValueOutOfRange_NamesEach()
    {
        List<string> errors = [];
        new DiskOptions { MemoryBytes = 1, Workers = 0, ReadAheadBlocks = -1, ReadTimeout = TimeSpan.FromHours(1) }.Validate(errors);
        Assert.Equal(["memory", "workers", "read-ahead", "read-timeout"], errors.Select(error => error.Split(' ')[0]));
    }
}
