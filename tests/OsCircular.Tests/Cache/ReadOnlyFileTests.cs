using Microsoft.Win32.SafeHandles;
using OsCircular.Cache;
using OsCircular.TestKit;

namespace OsCircular.Tests.Cache;

public sealed class ReadOnlyFileTests : IDisposable
{
    private readonly TempDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_File_CanBeReadThoughItIsRemoved()
    {
        File.WriteAllText(_folder["a"], "abc");
        using SafeFileHandle file = ReadOnlyFile.Open(_folder["a"])!;
        File.Delete(_folder["a"]);
        byte[] bytes = new byte[4];
        Assert.Equal(3, RandomAccess.Read(file, bytes, 0));
        Assert.Equal("abc\0"u8, bytes);
    }

    [Theory]
    [InlineData("nothing")]
    [InlineData("no/folder")]
    [InlineData("a/file-is-no-folder")]
    public void Open_NoSuchFile_IsNull(string path)
    {
        File.WriteAllText(_folder["a"], "abc");
        Assert.Null(ReadOnlyFile.Open(_folder[path]));
    }

    [Fact]
    public void Open_WhatCannotBeOpened_IsAnErrorThatSaysWhy()
    {
        File.CreateSymbolicLink(_folder["loop"], "loop");
        Assert.Contains("loop", Assert.Throws<IOException>(() => ReadOnlyFile.Open(_folder["loop"])).Message);
    }
}
