using OsCircular.Blocks;
using OsCircular.Indexes;
using OsCircular.Indexes.Signing;
using OsCircular.Sources;

namespace OsCircular.Publishing;

/// <summary>A repository's head and manifest, verified.</summary>
/// <param name="Head">The head.</param>
/// <param name="Manifest">The manifest that it signs.</param>
/// <param name="ManifestBytes">The manifest's file.</param>
internal sealed record RepositoryState(Head Head, Manifest Manifest, byte[] ManifestBytes)
{
    /// <returns>Null where there is no head: nothing was ever published there.</returns>
    /// <exception cref="UserError">Another key signed the head, or head or manifest are damaged.</exception>
    public static RepositoryState? Load(string repository, MinisignPublicKey key)
    {
        string headPath = Path.Combine(repository, RepositoryPaths.Head);
        if (!File.Exists(headPath)) return null;
        if (!Head.TryOpenFor(key, BoundedFile.Read(headPath, RepositoryPaths.MaxHeadLength), out Head? head, out HeadRefusal? refusal))
        {
            throw new UserError(refusal.Reason is HeadRefusalReason.WrongKey or HeadRefusalReason.WrongSignature
                ? $"{repository}: this repository is signed with another key, not with {MinisignPublicKey.KeyIdText(key.KeyId)}; use its own key, or publish into a new folder."
                : $"{headPath} {refusal}.");
        }

        if (head.Keys.HasRevoked(key)) throw new UserError($"{repository}: key {MinisignPublicKey.KeyIdText(key.KeyId)} was revoked; sign with the key that revoked it.");
        var name = new DocumentName(DocumentKind.Manifest, head.Manifest);
        string path = Path.Combine(repository, name.Path);
        byte[] bytes = BoundedFile.Read(path, name.MaxLength);
        if (!head.Signs(bytes)) throw new UserError($"{path}: not what the head signs, so it is damaged; put it back from a mirror and run verify.");
        if (!Manifest.TryParse(bytes, out Manifest? manifest, out refusal)) throw new UserError($"{path}: the manifest {refusal}.");
        if (manifest.Repository != head.Repository) throw new UserError($"{path}: it is of repository {manifest.Repository}, the head of {head.Repository}; put the right one back from a mirror.");
        return new RepositoryState(head, manifest, bytes);
    }
}
