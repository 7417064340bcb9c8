using System.Text;
using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.Indexes.Signing;
using OsCircular.TestKit;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.Indexes;

/// <summary>Our keys and signatures before the real <c>minisign</c>, and its before us.</summary>
public sealed class MinisignProgramTests : IDisposable
{
    private const string Password = "correct horse, Straße";
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    private readonly TempDirectory _files = new();

    private string OurKey => _files["ours"];
    private string OurPublicKey => _files["ours.pub"];
    private string TheirKey => _files["theirs"];
    private string TheirPublicKey => _files["theirs.pub"];
    private string Message => _files["message"];
    private string Signature => _files["message.minisig"];

    public MinisignProgramTests() => File.WriteAllBytes(Message, [0, 10, 255, .. "a message"u8]);

    public void Dispose() => _files.Dispose();

    [Theory(Timeout = 120_000)]
    [InlineData(null)]
    [InlineData(Password)]
    public async Task OurKeyFile_TheirProgram_SignsWithItAndWeVerify(string? password)
    {
        MinisignSecretKey key = SaveOurs(password);

        (await MinisignAsync(password, "-S", "-s", OurKey, "-m", Message, "-t", "said by theirs")).MustSucceed();

        MinisignSignature signature = ParseSignature();
        Assert.Equal("said by theirs", signature.TrustedComment);
        Assert.True(key.PublicKey.VerifiesComment(signature));
        Assert.True(key.PublicKey.Verifies(signature, File.ReadAllBytes(Message)));
    }

    [Theory(Timeout = 120_000)]
    [InlineData(null)]
    [InlineData(Password)]
    public async Task TheirKeyFile_OurProgram_SignsWithItAndTheyVerify(string? password)
    {
        string[] generate = ["-G", "-s", TheirKey, "-p", TheirPublicKey];
        if (password is null) (await MinisignAsync(null, [.. generate, "-W"])).MustSucceed();
        else (await TestProcess.RunAsync("minisign", generate, Limit, input: $"{password}\n{password}\n")).MustSucceed();

        MinisignSecretKey key = MinisignSecretKeyFile.Load(TheirKey, () => password);
        Assert.Equal(MinisignPublicKey.Load(TheirPublicKey), key.PublicKey);
        File.WriteAllText(Signature, key.Sign(File.ReadAllBytes(Message), "said by ours").ToFileText());

        ProcessResult verified = (await MinisignAsync(null, "-V", "-m", Message, "-p", TheirPublicKey)).MustSucceed();
        Assert.Contains("said by ours", verified.Output, StringComparison.Ordinal);
    }

    [Fact(Timeout = 120_000)]
    public async Task OurKeyFile_WrongPassword_IsRefusedByThem()
    {
        SaveOurs(Password);
        ProcessResult refused = await MinisignAsync("wrong", "-S", "-s", OurKey, "-m", Message);
        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains("Wrong password", refused.Errors, StringComparison.Ordinal);
    }

    [Fact(Timeout = 120_000)]
    public async Task OurKeyFile_TheirProgram_RecreatesOurPublicKeyFile()
    {
        SaveOurs(password: null);
        (await MinisignAsync(null, "-R", "-s", OurKey, "-p", TheirPublicKey)).MustSucceed();
        // The line above the key is free text, and theirs leaves out leading zeros of the key's number.
        Assert.Equal(File.ReadAllLines(OurPublicKey)[1], File.ReadAllLines(TheirPublicKey)[1]);
    }

    [Fact(Timeout = 120_000)]
    public async Task OurHead_TheirProgram_VerifiesTheManifestAndNoOther()
    {
        MinisignSecretKey key = SaveOurs(password: null);
        byte[] manifest = new Manifest(RepositoryId.Draw(), 1, []).ToBytes();
        File.WriteAllBytes(Message, manifest);
        File.WriteAllBytes(_files["head.minisig"], Head.Sign(key, RepositoryId.Draw(), 1, manifest, new DateOnly(2030, 1, 1)));

        string[] verify = ["-V", "-m", Message, "-x", _files["head.minisig"], "-p", OurPublicKey];
        ProcessResult verified = (await MinisignAsync(null, verify)).MustSucceed();
        Assert.Contains($"sequence:1 sha256:{Digest.Of(manifest)} expires:2030-01-01", verified.Output, StringComparison.Ordinal);

        File.WriteAllBytes(Message, [.. manifest, (byte)' ']);
        Assert.NotEqual(0, (await MinisignAsync(null, verify)).ExitCode);
    }

    [Fact(Timeout = 120_000)]
    public async Task TheirSignature_OfTheLegacyKind_IsRefusedByName()
    {
        SaveOurs(password: null);
        (await MinisignAsync(null, "-S", "-l", "-s", OurKey, "-m", Message)).MustSucceed();
        Assert.False(MinisignSignature.TryParse(File.ReadAllBytes(Signature), out _, out string? fault));
        Assert.Contains("legacy", fault, StringComparison.Ordinal);
    }

    private MinisignSecretKey SaveOurs(string? password)
    {
        MinisignSecretKey key = MinisignSecretKey.Generate();
        MinisignSecretKeyFile.Save(key, OurKey, password);
        File.WriteAllText(OurPublicKey, key.PublicKey.ToFileText(), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        return key;
    }

    private MinisignSignature ParseSignature()
    {
        Assert.True(MinisignSignature.TryParse(File.ReadAllBytes(Signature), out MinisignSignature? signature, out string? fault), fault);
        return signature;
    }

    // minisign reads its password from standard input where that is no terminal.
    private static Task<ProcessResult> MinisignAsync(string? password, params string[] arguments) =>
        TestProcess.RunAsync("minisign", arguments, Limit, input: password is null ? "" : password + "\n");
}
