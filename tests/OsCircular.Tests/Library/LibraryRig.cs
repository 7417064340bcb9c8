using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using OsCircular.Blocks;
using OsCircular.Cache;
using OsCircular.Indexes;
using OsCircular.Indexes.Signing;
using OsCircular.Library;
using OsCircular.Sources;
using OsCircular.TestKit;
using OsCircular.TestKit.Sources;
using OsCircular.Tests.Indexes;

namespace OsCircular.Tests.Library;

/// <summary>A cache folder, a publisher who signs into mirrors in memory, and a clock.</summary>
internal sealed class LibraryRig : IDisposable
{
    private readonly TempDirectory _folder = new();

    public FakeTimeProvider Time { get; } = new(Samples.Time.AddMilliseconds(700));

    /// <summary>What the cache and the mirrors together yield.</summary>
    public FakeDocumentSource Documents { get; } = new("documents");

    public FakeDocumentSource A { get; } = new("http://a");
    public FakeDocumentSource B { get; } = new("http://b");

    public string HeadPath => _folder[RepositoryPaths.Head];
    public string TrustPath => _folder[Trust.FileName];

    public void Dispose() => _folder.Dispose();

    public Task<HeadLibrary> OpenAsync(MinisignPublicKey? key = null, params IHeadSource[] mirrors) => HeadLibrary.OpenAsync(
        key ?? Samples.Key.PublicKey,
        new StateFile(HeadPath, RepositoryPaths.MaxHeadLength, _folder.Path),
        new StateFile(TrustPath, Trust.MaxLength, _folder.Path),
        Documents,
        mirrors.Length > 0 ? mirrors : [A],
        Time,
        NullLogger<HeadLibrary>.Instance,
        TestContext.Current.CancellationToken);

    /// <summary>Signs a manifest with this one version, its documents in place, and gives the head file.</summary>
    public byte[] Publish(
        long sequence, string version = "1", DateOnly? expires = null, RepositoryId? repository = null, MinisignSecretKey? key = null, bool withManifest = true, bool withRoot = true)
    {
        byte[] root = [.. "root of "u8, .. System.Text.Encoding.ASCII.GetBytes(version)];
        ManifestVersion published = Samples.Version(version) with { Index = Digest.Of(root) };
        byte[] manifest = new Manifest(repository ?? Samples.Repository, 1, [Samples.Image("debian", published)]).ToBytes();
        if (withRoot) Documents.Add(DocumentKind.IndexPage, root);
        if (withManifest) Documents.Add(DocumentKind.Manifest, manifest);
        return Head.Sign(key ?? Samples.Key, repository ?? Samples.Repository, sequence, manifest, expires);
    }

    public static Head Open(byte[] bytes)
    {
        Assert.True(Head.TryOpen(bytes, Samples.Key.PublicKey, out Head? head, out _));
        return head;
    }
}
