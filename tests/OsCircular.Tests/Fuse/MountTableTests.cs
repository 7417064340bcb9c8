using OsCircular.Fuse;

namespace OsCircular.Tests.Fuse;

public sealed class MountTableTests
{
    private const string Table = """
        22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
        90 22 0:51 / /mnt/a rw,nosuid shared:12 master:3 - fuse.oscircular oscircular ro,user_id=0
        91 90 0:52 / /mnt/a rw - fuse.oscircular oscircular ro
        80 91 0:53 / /mnt/a rw - tmpfs none rw
        95 22 0:60 / /mnt/with\040space\134and\303\274 rw - fuse.oscircular my\040source ro
        short line
        96 x 0:60 / /mnt/a rw - fuse.oscircular oscircular ro

        """;

    [Fact]
    public void Parse_MountsStackedOnOnePath_OrdersThemByWhatTheyCover() =>
        Assert.Equal([90, 91, 80], MountTable.Parse(Table, "/mnt/a").Select(entry => entry.Id));

    [Fact]
    public void Parse_OptionalFields_AreSkipped()
    {
        MountTableEntry entry = MountTable.Parse(Table, "/mnt/a")[0];
        Assert.Equal(("0:51", "fuse.oscircular", "oscircular"), (entry.Device, entry.FileSystemType, entry.Source));
    }

    [Fact]
    public void Parse_EscapedPath_IsReadAsItsBytes() => Assert.Equal("my source", Assert.Single(MountTable.Parse(Table, "/mnt/with space\\andü")).Source);

    [Fact]
    public void Parse_PathThatIsNotMounted_GivesNothing() => Assert.Empty(MountTable.Parse(Table, "/mnt"));

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData(@"\040\011\012\134", " \t\n\\")]
    [InlineData(@"end\04", @"end\04")]
    [InlineData(@"\999", @"\999")]
    public void Unescape_OctalDigits_GivesTheBytes(string field, string expected) => Assert.Equal(expected, MountTable.Unescape(field));

    [Fact]
    public void At_OfThisMachine_FindsProc() => Assert.Equal("proc", MountTable.At("/proc")[^1].FileSystemType);

    [Theory]
    [InlineData("fusermount3: option allow_other only allowed if 'user_allow_other' is set in /etc/fuse.conf", "user_allow_other in /etc/fuse.conf")]
    [InlineData("fusermount3: failed to open /dev/fuse: Permission denied", "chmod 666 /dev/fuse")]
    [InlineData("fusermount3: fuse device not found, try 'modprobe fuse' first", "modprobe fuse")]
    [InlineData("fusermount3: mount failed: Operation not permitted", "CAP_SYS_ADMIN")]
    [InlineData("fusermount3: user has no write access to mountpoint /mnt", "no write access to mountpoint /mnt; ")]
    public void Explain_WhatFusermountSaid_NamesTheNextStep(string said, string expected)
    {
        string line = Fusermount.Explain(said);
        Assert.Contains(expected, line);
        Assert.Contains(';', line);
    }
}
