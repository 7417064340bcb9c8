using OsCircular.Blocks;
using OsCircular.Sources;
using OsCircular.TestKit.Mirrors;
using OsCircular.TestKit.Sources;

namespace OsCircular.Tests.Mirrors;

public sealed class HttpMirrorConformanceTests : BlockSourceConformance
{
    private readonly List<IAsyncDisposable> _servers = [];

    public override async ValueTask DisposeAsync()
    {
        foreach (IAsyncDisposable server in _servers) await server.DisposeAsync();
        await base.DisposeAsync();
    }

    protected override ValueTask<IBlockSource> CreateAsync(IReadOnlyDictionary<BlockName, byte[]> held)
    {
        var files = held.ToDictionary(pair => RepositoryPaths.Block(pair.Key), pair => pair.Value);
        ScriptedHttpServer[] servers = [ScriptedHttpServer.Of(files), ScriptedHttpServer.Of(files)];
        _servers.AddRange(servers);
        return ValueTask.FromResult<IBlockSource>(TestMirrors.Over([.. servers.Select(server => server.Url)]));
    }
}

public sealed class FileMirrorConformanceTests : BlockSourceConformance
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("oscircular-test-");

    public override ValueTask DisposeAsync()
    {
        _folder.Delete(recursive: true);
        return base.DisposeAsync();
    }

    protected override ValueTask<IBlockSource> CreateAsync(IReadOnlyDictionary<BlockName, byte[]> held)
    {
        foreach ((BlockName name, byte[] bytes) in held)
        {
            string path = Path.Combine(_folder.FullName, RepositoryPaths.Block(name));
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, bytes);
        }

        return ValueTask.FromResult<IBlockSource>(TestMirrors.Over([_folder.FullName]));
    }
}
