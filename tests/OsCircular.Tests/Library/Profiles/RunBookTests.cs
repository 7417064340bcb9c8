using System.Text;
using OsCircular.Blocks;
using OsCircular.Cache;
using OsCircular.Library.Profiles;
using OsCircular.TestKit;

namespace OsCircular.Tests.Library.Profiles;

public sealed class RunBookTests : IDisposable
{
    private static readonly Digest Index = Digest.Of("index"u8);

    private readonly TempDirectory _folder = new();
    private readonly RunBook _book;

    public RunBookTests() => _book = new RunBook(new StateFile(_folder["profile-debian@1.json"], RunBook.MaxLength, _folder.Folder("tmp")));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ToBytes_Golden_NeverChangesWithoutANewFormat() => Assert.Equal(
        $$"""{"format":1,"index":"{{Index}}","runs":[{"blocks":[7,0],"milliseconds":[0,12]}]}""" + "\n",
        Encoding.UTF8.GetString(RunBook.ToBytes(Index, [Run(7, 0)])));

    [Fact]
    public void Add_SeveralRuns_KeepsThemAcrossTheFile()
    {
        Assert.Single(_book.Add(Index, Run(7, 0), fresh: false));
        Assert.Equal([[7, 0], [7, 3]], _book.Add(Index, Run(7, 3), fresh: false).Select(run => run.Blocks));
        Assert.Equal([[9, 1]], _book.Add(Index, Run(9, 1), fresh: true).Select(run => run.Blocks));
    }

    [Fact]
    public void Add_AnotherIndex_DropsTheRunsBefore()
    {
        _book.Add(Index, Run(7, 0), fresh: false);
        Assert.Single(_book.Add(Digest.Of("other"u8), Run(7, 3), fresh: false));
    }

    [Fact]
    public void Add_MoreThanMost_DropsTheOldest()
    {
        for (int i = 0; i < RunBook.MaxRuns + 3; i++) _book.Add(Index, Run(i, 100), fresh: false);
        IReadOnlyList<RecordedRun> runs = _book.Add(Index, Run(99, 100), fresh: false);
        Assert.Equal((RunBook.MaxRuns, 4, 99), (runs.Count, runs[0].Blocks[0], runs[^1].Blocks[0]));
    }

    [Fact]
    public void Add_DamagedFile_IsRefusedUnlessBegunAnew()
    {
        File.WriteAllText(_folder["profile-debian@1.json"], "nonsense");
        UserError error = Assert.Throws<UserError>(() => _book.Add(Index, Run(7, 0), fresh: false));
        Assert.Contains("it is damaged; restore it, or begin anew with --fresh", error.Message, StringComparison.Ordinal);
        Assert.Single(_book.Add(Index, Run(7, 0), fresh: true));
    }

    [Theory]
    [InlineData("", "is damaged")]
    [InlineData("null", "is damaged")]
    [InlineData("""{"format":2,"index":"","runs":[]}""", "is of format 2")]
    [InlineData("""{"format":1,"index":"","runs":[null]}""", "is damaged")]
    [InlineData("""{"format":1,"index":"","runs":[{"blocks":[1],"milliseconds":[]}]}""", "is damaged")]
    [InlineData("""{"format":1,"index":"","runs":[{"blocks":[1,1],"milliseconds":[0,0]}]}""", "is damaged")]
    [InlineData("""{"format":1,"index":"","runs":[{"blocks":[-1],"milliseconds":[0]}]}""", "is damaged")]
    public void TryParse_WhatIsNone_IsRefused(string text, string expected)
    {
        Assert.False(RunBook.TryParse(Encoding.UTF8.GetBytes(text), Index, out _, out string? fault));
        Assert.Contains(expected, fault, StringComparison.Ordinal);
    }

    private static RecordedRun Run(params long[] blocks) => new(blocks, [.. blocks.Select((_, i) => i * 12L)]);
}
