using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace OsCircular.Indexes.Signing;

/// <summary>One key vouches for another: heads of this repository that the other signs are to be believed as its own.</summary>
/// <param name="By">The key that vouches.</param>
/// <param name="Key">The key vouched for.</param>
/// <param name="Signature">Of <see cref="Message"/>, in base64.</param>
public sealed record KeyLink(MinisignPublicKey By, MinisignPublicKey Key, string Signature)
{
    private const char Separator = '.'; // not in base64

    /// <summary>Makes one.</summary>
    public static KeyLink Make(MinisignSecretKey by, RepositoryId repository, MinisignPublicKey key) =>
        new(by.PublicKey, key, Convert.ToBase64String(by.SignMessage(Message(repository, key))));

    /// <summary>Whether <see cref="By"/> signed it, for this repository.</summary>
    public bool IsGood(RepositoryId repository)
    {
        byte[] signature = new byte[MinisignPublicKey.SignatureSize];
        return MinisignText.TryDecode(Signature, signature) && By.VerifiesMessage(signature, Message(repository, Key));
    }

    /// <summary><c>BY.SIGNATURE.KEY</c>, each in base64.</summary>
    public override string ToString() => $"{By}{Separator}{Signature}{Separator}{Key}";

    /// <summary>Well formed, not verified.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out KeyLink? link)
    {
        link = null;
        string[] parts = text.Split(Separator);
        if (parts.Length != 3 || !MinisignText.TryDecode(parts[1], new byte[MinisignPublicKey.SignatureSize])) return false;
        if (!MinisignPublicKey.TryParse(parts[0], out MinisignPublicKey? by) || !MinisignPublicKey.TryParse(parts[2], out MinisignPublicKey? key)) return false;
        link = new KeyLink(by, key, parts[1]);
        return true;
    }

    // Says what it is, so that no signature of anything else can be taken for it.
    private static byte[] Message(RepositoryId repository, MinisignPublicKey key) => Encoding.ASCII.GetBytes($"oscircular key 1\nrepository:{repository}\nkey:{key}\n");
}
