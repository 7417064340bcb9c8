using OsCircular.Blocks;
using OsCircular.Cache;

namespace OsCircular.Tests.Cache;

public sealed class StateFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("oscircular-state-").FullName;
    private readonly StateFile _file;

    public StateFileTests() => _file = new StateFile(Path.Combine(_folder, "pins"), 100, Directory.CreateDirectory(Path.Combine(_folder, "tmp")).FullName);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void TryRead_NoFile_IsNull() => Assert.Null(_file.TryRead());

    [Fact]
    public void Write_Twice_LeavesTheSecondAndNothingElse()
    {
        _file.Write([1, 2, 3]);
        _file.Write([4]);
        Assert.Equal([4], _file.TryRead());
        Assert.Empty(Directory.GetFiles(Path.Combine(_folder, "tmp")));
    }

    [Fact]
    public void Write_TemporaryCannotBeWritten_KeepsTheOld()
    {
        _file.Write([1, 2, 3]);
        Directory.Delete(Path.Combine(_folder, "tmp"));
        Assert.ThrowsAny<IOException>(() => _file.Write([4]));
        Assert.Equal([1, 2, 3], _file.TryRead());
    }

    [Fact]
    public void Write_LongerThanAllowed_IsRefused() => Assert.Throws<ArgumentOutOfRangeException>(() => _file.Write(new byte[101]));

    [Fact]
    public void TryRead_LongerThanAllowed_NamesTheFile()
    {
        File.WriteAllBytes(_file.Path, new byte[101]);
        Assert.Contains(_file.Path, Assert.Throws<UserError>(_file.TryRead).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Delete_TwiceInARow_IsFine()
    {
        _file.Write([1]);
        _file.Delete();
        _file.Delete();
        Assert.Null(_file.TryRead());
    }

    [Fact]
    public async Task Write_WhileOthersRead_ShowsWholeContentsOnly()
    {
        _file.Write(new byte[100]);
        using CancellationTokenSource done = new();
        Task reader = Task.Run(() =>
        {
            while (!done.IsCancellationRequested)
            {
                byte[] read = _file.TryRead()!;
                Assert.Equal(100, read.Length);
                Assert.Single(read.Distinct());
            }
        });
        for (int i = 0; i < 200; i++) _file.Write(Enumerable.Repeat((byte)i, 100).ToArray());
        await done.CancelAsync();
        await reader.WaitAsync(TimeSpan.FromSeconds(30));
    }
}
