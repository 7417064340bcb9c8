using OsCircular.Blocks;
using OsCircular.Indexes.Signing;
using OsCircular.TestKit;

namespace OsCircular.Tests.Indexes.Signing;

public sealed class MinisignSecretKeyFileTests : IDisposable
{
    private readonly TempDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    private string KeyPath => _folder["key"];

    [Fact]
    public void Save_NoPassword_HasTheGoldenBytes()
    {
        MinisignSecretKeyFile.Save(Samples.Key, KeyPath, password: null);
        Assert.Equal(
            """
            untrusted comment: minisign unencrypted secret key
            RWQAAEIyAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAETJUdpi63P4BAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29cAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
            """.ReplaceLineEndings("\n") + "\n",
            File.ReadAllText(KeyPath));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("correct horse, Straße")]
    public void Load_WhatWasSaved_IsTheSameKey(string? password)
    {
        MinisignSecretKeyFile.Save(Samples.Key, KeyPath, password);

        MinisignSecretKey key = MinisignSecretKeyFile.Load(KeyPath, () => password);

        Assert.Equal(Samples.Key.PublicKey, key.PublicKey);
        Assert.Equal(Samples.Key.Sign("x"u8, "y").ToFileText(), key.Sign("x"u8, "y").ToFileText());
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(KeyPath));
        Assert.Single(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void Save_FileThere_IsLeftAlone()
    {
        File.WriteAllText(KeyPath, "mine");
        AssertError(() => MinisignSecretKeyFile.Save(Samples.Key, KeyPath, password: null), "exists already");
        Assert.Equal("mine", File.ReadAllText(KeyPath));
        Assert.Single(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void Save_NoSuchFolder_SaysSo() =>
        AssertError(() => MinisignSecretKeyFile.Save(Samples.Key, _folder["no/key"], password: null), "cannot be written");

    [Fact]
    public void Load_WrongPasswordOrNone_SaysWhich()
    {
        MinisignSecretKeyFile.Save(Samples.Key, KeyPath, "right");
        AssertError(() => MinisignSecretKeyFile.Load(KeyPath, () => "wrong"), "does not open with this password");
        AssertError(() => MinisignSecretKeyFile.Load(KeyPath, () => null), "OSCIRCULAR_KEY_PASSWORD");
    }

    [Fact]
    public void Load_NoPassword_IsNotAsked()
    {
        MinisignSecretKeyFile.Save(Samples.Key, KeyPath, "");
        Assert.Equal(Samples.Key.PublicKey, MinisignSecretKeyFile.Load(KeyPath, () => throw new InvalidOperationException("asked")).PublicKey);
    }

    [Theory]
    [InlineData(0, 'X', "is not a minisign secret key")] // algorithm
    [InlineData(2, 'X', "is not a minisign secret key")] // key derivation
    [InlineData(4, 'X', "is not a minisign secret key")] // checksum
    [InlineData(70, 'X', "is damaged")] // seed
    [InlineData(100, 'X', "is damaged")] // public key
    public void Load_ByteChanged_SaysSo(int at, char value, string expected)
    {
        MinisignSecretKeyFile.Save(Samples.Key, KeyPath, password: null);
        string[] lines = File.ReadAllLines(KeyPath);
        byte[] bytes = Convert.FromBase64String(lines[1]);
        bytes[at] = (byte)value;
        File.WriteAllLines(KeyPath, [lines[0], Convert.ToBase64String(bytes)]);
        AssertError(() => MinisignSecretKeyFile.Load(KeyPath, () => null), expected);
    }

    [Fact]
    public void Load_UnbearableCost_IsRefusedBeforeThePassword()
    {
        MinisignSecretKeyFile.Save(Samples.Key, KeyPath, "right");
        string[] lines = File.ReadAllLines(KeyPath);
        byte[] bytes = Convert.FromBase64String(lines[1]);
        bytes[46 + 4] = 1; // 4 GiB more
        File.WriteAllLines(KeyPath, [lines[0], Convert.ToBase64String(bytes)]);
        AssertError(() => MinisignSecretKeyFile.Load(KeyPath, () => throw new InvalidOperationException("asked")), "2 GiB");
    }

    [Theory]
    [InlineData("")]
    [InlineData("garbage")]
    [InlineData("untrusted comment: x\nRWQ=\n")]
    public void Load_Garbled_SaysSo(string text)
    {
        File.WriteAllText(KeyPath, text);
        AssertError(() => MinisignSecretKeyFile.Load(KeyPath, () => null), "is not a minisign secret key");
    }

    [Fact]
    public void Load_AbsentFolderOrHuge_SaysSo()
    {
        AssertError(() => MinisignSecretKeyFile.Load(KeyPath, () => null), "cannot be read");
        AssertError(() => MinisignSecretKeyFile.Load(_folder.Path, () => null), "cannot be read");
        File.WriteAllBytes(KeyPath, new byte[100_000]);
        AssertError(() => MinisignSecretKeyFile.Load(KeyPath, () => null), "longer than");
    }

    // libsodium's own limits: interactive, sensitive (what minisign writes), and ours.
    [Theory]
    [InlineData(524_288ul, 16_777_216ul, 14, 1)]
    [InlineData(33_554_432ul, 1_073_741_824ul, 20, 1)]
    [InlineData(4_194_304ul, 134_217_728ul, 17, 1)]
    [InlineData(1ul, 1_073_741_824ul, 10, 1)]
    [InlineData(33_554_432ul, 16_777_216ul, 14, 64)]
    public void ScryptParameters_FromTheLimits_AreLibsodiums(ulong operations, ulong memory, int logN, int p) =>
        Assert.Equal((logN, p), new ScryptCost(operations, memory).Parameters());

    [Fact]
    public void ScryptParameters_OfTheDefault_AreOurs() => Assert.Equal((17, 1), ScryptCost.Default.Parameters());

    private void AssertError(Action action, string expected)
    {
        var error = Assert.Throws<UserError>(action);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains(_folder.Path, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }
}
