using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.Indexes.Signing;
using OsCircular.Sources;

namespace OsCircular.Publishing;

/// <summary>Verifies head and newest manifest, and yields the manifest where both are good.</summary>
internal static class HeadVerifier
{
    /// <param name="path">The folder.</param>
    /// <param name="key">Null: the signature is not checked, only what it says.</param>
    /// <param name="isCache">A cache that never adopted a head has none.</param>
    /// <param name="report">Told of damage.</param>
    public static Manifest? Verify(string path, MinisignPublicKey? key, bool isCache, VerifyReport report)
    {
        if (isCache && !File.Exists(Path.Combine(path, RepositoryPaths.Head))) return null;
        if (Read(path, RepositoryPaths.Head, RepositoryPaths.MaxHeadLength, report) is not { } head) return null;
        if (DigestIn(head, key, out Head? opened, report) is not { } digest) return null;

        var name = new DocumentName(DocumentKind.Manifest, digest);
        if (Read(path, name.Path, name.MaxLength, report) is not { } bytes) return null;
        if (Digest.Of(bytes) != digest || (opened is not null && !opened.Signs(bytes)))
        {
            report.Add(name.Path, IndexWalk.NotItsName);
            return null;
        }

        if (Manifest.TryParse(bytes, out Manifest? manifest, out HeadRefusal? refusal)) return manifest;
        report.Add(name.Path, refusal.Message);
        return null;
    }

    private static Digest? DigestIn(byte[] bytes, MinisignPublicKey? key, out Head? head, VerifyReport report)
    {
        head = null;
        HeadRefusal? refusal;
        if (key is not null)
        {
            if (Head.TryOpen(bytes, key, out head, out refusal)) return head.Manifest;
            report.Add(RepositoryPaths.Head, refusal.Message);
            return null;
        }

        if (!MinisignSignature.TryParse(bytes, out MinisignSignature? signature, out string? fault)) report.Add(RepositoryPaths.Head, fault);
        else if (HeadComment.TryParse(signature.TrustedComment, out HeadComment? comment, out refusal)) return comment.Manifest;
        else report.Add(RepositoryPaths.Head, refusal.Message);
        return null;
    }

    private static byte[]? Read(string path, string relative, int maxLength, VerifyReport report)
    {
        string fault;
        try
        {
            if (BoundedFile.TryRead(Path.Combine(path, relative), maxLength) is { } bytes) return bytes;
            fault = "is too long";
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            fault = IndexWalk.Missing;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            fault = $"cannot be read ({e.Message})";
        }

        report.Add(relative, fault, fault == IndexWalk.Missing ? DamageKind.Missing : DamageKind.Damaged);
        return null;
    }
}
