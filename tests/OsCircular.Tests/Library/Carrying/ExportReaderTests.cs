using System.Formats.Tar;
using System.Text;
using OsCircular.Blocks;
using OsCircular.Library.Carrying;
using OsCircular.Sources;
using OsCircular.TestKit;

namespace OsCircular.Tests.Library.Carrying;

public sealed class ExportReaderTests : IDisposable
{
    private const int Record = 512;
    private const string Good = "oscircular:1 debian@1";

    private static readonly byte[] Content = [.. "the bytes of a block"u8];
    private static readonly string Block = RepositoryPaths.Block(BlockName.Of(Content));

    private readonly TempDirectory _files = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _files.Dispose();

    [Fact]
    public async Task Entries_OfAnExport_AreReadAsWritten()
    {
        using ExportReader reader = await OpenAsync(Tar(Good, File(RepositoryPaths.Head), File(Block), File(Block)));
        Assert.Equal("debian@1", Assert.Single(reader.Versions).ToString());
        Assert.True((await reader.NextAsync(Token))?.IsHead);
        ExportEntry? entry = await reader.NextAsync(Token);
        Assert.Equal(BlockName.Of(Content), entry?.Block);
        byte[] bytes = new byte[Content.Length];
        Assert.True(await reader.ReadAsync(entry!.Value, bytes, Token));
        Assert.Equal(Content, bytes);
        Assert.NotNull(await reader.NextAsync(Token));
        Assert.Null(await reader.NextAsync(Token));
        Assert.Equal((0, false), (reader.Gaps, reader.IsCut));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("oscircular:1")]
    [InlineData("oscircular:1 ")]
    [InlineData("oscircular:1 debian")]
    [InlineData("oscircular:1 debian@1  debian@2")]
    [InlineData("oscircular:1 ../debian@1")]
    [InlineData("oscircular:2 debian@1", "newer")]
    [InlineData("something else")]
    public async Task Comment_OfNoExport_IsRefused(string? comment, string said = "is no export")
    {
        UserError error = await Assert.ThrowsAsync<UserError>(() => OpenAsync(Tar(comment, File(Block))));
        Assert.Contains(said, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../head.minisig")]
    [InlineData("/head.minisig")]
    [InlineData("./head.minisig")]
    [InlineData("agent/trust.json")]
    [InlineData("blocks/00/0000000000000000000000000000000000000000/x")]
    [InlineData("blocks/01/0000000000000000000000000000000000000000")]
    [InlineData("blocks/AA/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("indexes/00")]
    [InlineData("a\u001b[31m")]
    public async Task Path_ThatIsNotARepositorys_IsRefused(string path)
    {
        UserError error = await RefusalOfAsync(Tar(Good, File(path)));
        Assert.Contains("no file of a repository", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(error.Message, char.IsControl);
    }

    [Theory]
    [InlineData(TarEntryType.SymbolicLink)]
    [InlineData(TarEntryType.HardLink)]
    [InlineData(TarEntryType.Directory)]
    [InlineData(TarEntryType.Fifo)]
    public async Task Entry_ThatIsNoPlainFile_IsRefused(TarEntryType type)
    {
        UstarTarEntry entry = new(type, Block);
        if (type is TarEntryType.SymbolicLink or TarEntryType.HardLink) entry.LinkName = "/etc/passwd";
        Assert.Contains("no plain file", (await RefusalOfAsync(Tar(Good, entry))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData('0', "00040000001")] // 8 MiB and a byte
    [InlineData('0', "77777777777")]
    [InlineData('0', "00000000000")]
    [InlineData('L', "77777777777")]
    [InlineData('K', "00000000100")]
    [InlineData('x', "77777777777")]
    [InlineData('g', "00000000100")]
    [InlineData('S', "00000000100")]
    public async Task Header_ThatAsksForMuch_IsRefusedWithoutReadingOn(char type, string octalSize)
    {
        byte[] tar = Tar(Good, File(Block));
        Span<byte> header = tar.AsSpan(2 * Record, Record);
        header[156] = (byte)type;
        Encoding.ASCII.GetBytes(octalSize, header[124..]);
        Sum(header);
        await RefusalOfAsync(tar);
    }

    [Fact]
    public async Task Header_Damaged_TheNextGoodOneIsFound()
    {
        byte[] tar = Tar(Good, File(RepositoryPaths.Head), File(Block), File(Block));
        tar[(2 * Record) + (2 * Record) + 3] ^= 1;
        using ExportReader reader = await OpenAsync(tar);
        Assert.True((await reader.NextAsync(Token))?.IsHead);
        Assert.NotNull((await reader.NextAsync(Token))?.Block);
        Assert.Null(await reader.NextAsync(Token));
        Assert.Equal((1, false), (reader.Gaps, reader.IsCut));
    }

    [Fact]
    public async Task Header_DamagedBeforeABlockThatHoldsAnArchive_IsNotTakenForAnAttack()
    {
        byte[] inner = Tar("somebody's", File("etc/passwd"));
        byte[] tar = Tar(Good, File(Block, inner), File(RepositoryPaths.Head));
        tar[2 * Record] ^= 1;
        using ExportReader reader = await OpenAsync(tar);
        Assert.True((await reader.NextAsync(Token))?.IsHead);
        Assert.Null(await reader.NextAsync(Token));
    }

    [Fact]
    public async Task File_CutAnywhere_SaysSoAndFailsNoOther()
    {
        byte[] tar = Tar(Good, File(RepositoryPaths.Head), File(Block));
        int end = tar.Length - 2 * Record;
        for (int length = 2 * Record; length < end; length += 97)
        {
            using ExportReader reader = await OpenAsync(tar[..length]);
            while (await reader.NextAsync(Token) is { } entry) await reader.ReadAsync(entry, new byte[entry.Length], Token);
            Assert.True(reader.IsCut, $"cut at {length}");
        }
    }

    private static UstarTarEntry File(string path, byte[]? content = null) => new(TarEntryType.RegularFile, path) { DataStream = new MemoryStream(content ?? Content) };

    private static byte[] Tar(string? comment, params TarEntry[] entries)
    {
        MemoryStream tar = new();
        using (TarWriter writer = new(tar, TarEntryFormat.Pax, leaveOpen: true))
        {
            if (comment is not null) writer.WriteEntry(new PaxGlobalExtendedAttributesTarEntry(new Dictionary<string, string> { ["comment"] = comment }));
            foreach (TarEntry entry in entries) writer.WriteEntry(entry);
        }

        return tar.ToArray();
    }

    private static void Sum(Span<byte> header)
    {
        header[148..156].Fill((byte)' ');
        int sum = 0;
        foreach (byte value in header) sum += value;
        Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(6, '0') + "\0", header[148..]);
    }

    private async Task<ExportReader> OpenAsync(byte[] tar)
    {
        await System.IO.File.WriteAllBytesAsync(_files["export"], tar, Token);
        return await ExportReader.OpenAsync(_files["export"], Token);
    }

    private async Task<UserError> RefusalOfAsync(byte[] tar)
    {
        using ExportReader reader = await OpenAsync(tar);
        return await Assert.ThrowsAsync<UserError>(async () => await reader.NextAsync(Token));
    }
}
