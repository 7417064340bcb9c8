using OsCircular.Mirrors;
using OsCircular.Sources;
using OsCircular.Sources.Transfers;
using OsCircular.TestKit.Sources;

namespace OsCircular.Tests.Mirrors;

public sealed class FileMirrorTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("oscircular-test-");
    private readonly byte[] _file = TestBlocks.Make(1, 5000);

    public FileMirrorTests() => File.WriteAllBytes(Path.Combine(_folder.FullName, "file"), _file);

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Get_File_Comes()
    {
        BodyBuffer body = BodyBuffer.UpTo(6000, TimeProvider.System);
        Assert.Equal(SourceError.None, (await GetAsync("file", body)).Error);
        Assert.True(body.Written.Span.SequenceEqual(_file));
    }

    [Theory]
    [InlineData("none", SourceError.Missing)]
    [InlineData("none/none", SourceError.Missing)]
    [InlineData("file/below", SourceError.Missing)]
    [InlineData(".", SourceError.Refused)]
    public async Task Get_NoSuchFile_IsTheErrorItStandsFor(string path, SourceError expected) =>
        Assert.Equal(expected, (await GetAsync(path, BodyBuffer.UpTo(6000, TimeProvider.System))).Error);

    [Theory]
    [InlineData(4999)]
    [InlineData(5001)]
    public async Task Get_AnotherLength_IsInvalid(int length) =>
        Assert.Equal(SourceError.Invalid, (await GetAsync("file", BodyBuffer.Exactly(new byte[length], TimeProvider.System))).Error);

    [Fact]
    public async Task Get_ReadHangs_IsLeftBehindAndBounded()
    {
        // Opening a pipe that nobody writes hangs as a network file system does.
        string pipe = Path.Combine(_folder.FullName, "pipe");
        using (var made = System.Diagnostics.Process.Start("mkfifo", pipe)) await made.WaitForExitAsync();
        using var mirror = new FileMirror(_folder.FullName, 1);
        using var cancel = new CancellationTokenSource();
        Task<TransferAnswer> hanging = mirror.GetAsync("pipe", BodyBuffer.UpTo(100, TimeProvider.System), noCache: false, cancel.Token).AsTask();
        await cancel.CancelAsync();
        Assert.Equal(SourceError.Cancelled, (await hanging).Error);
        TransferAnswer next = await mirror.GetAsync("file", BodyBuffer.UpTo(6000, TimeProvider.System), noCache: false, default);
        Assert.Equal((SourceError.Unreachable, "1 reads hang"), (next.Error, next.Detail));

        // Let it go: the reader's open returns when a writer comes.
        await File.WriteAllBytesAsync(pipe, []);
    }

    private async Task<TransferAnswer> GetAsync(string path, BodyBuffer body)
    {
        using var mirror = new FileMirror(_folder.FullName, 4);
        return await mirror.GetAsync(path, body, noCache: false, TestContext.Current.CancellationToken);
    }
}
