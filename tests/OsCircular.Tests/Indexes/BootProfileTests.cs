using System.Text;
using OsCircular.Indexes;

namespace OsCircular.Tests.Indexes;

public sealed class BootProfileTests
{
    [Fact]
    public void ToBytes_Golden_NeverChangesWithoutANewFormat() =>
        Assert.Equal("{\"format\":1,\"blocks\":[7,0,3]}\n", Encoding.UTF8.GetString(new BootProfile([7, 0, 3]).ToBytes()));

    [Fact]
    public void TryParse_WhatWasWritten_IsTheSame()
    {
        Assert.True(BootProfile.TryParse(new BootProfile([7, 0, 3]).ToBytes(), 8, out BootProfile? profile));
        Assert.Equal([7, 0, 3], profile.Blocks);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("""{ "blocks": [1] }""")]
    [InlineData("""{ "format": 2, "blocks": [1] }""")]
    [InlineData("""{ "format": 1, "blocks": null }""")]
    [InlineData("""{ "format": 1, "blocks": [8] }""")]
    [InlineData("""{ "format": 1, "blocks": [-1] }""")]
    [InlineData("""{ "format": 1, "blocks": [1, 1] }""")]
    [InlineData("""{ "format": 1, "blocks": [1.5] }""")]
    public void TryParse_WhatIsNone_IsRefused(string text) => Assert.False(BootProfile.TryParse(Encoding.UTF8.GetBytes(text), 8, out _));
}
