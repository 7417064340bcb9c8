using Microsoft.Win32.SafeHandles;
using OsCircular.Blocks;
using OsCircular.Sources;

namespace OsCircular.Publishing;

/// <summary>Verifies block files: against their names, and against the rows that need them. One for each thread: 8 MiB of buffers at most.</summary>
internal sealed class BlockFileVerifier(string root, NeededBlocks needed, VerifyReport report) : IDisposable
{
    private readonly BlockDecoder _decoder = new();
    private byte[] _stored = [];
    private byte[] _block = [];

    /// <param name="file">Its whole path.</param>
    public void Verify(string file)
    {
        string relative = Path.GetRelativePath(root, file);
        if (!BlockName.TryParse(Path.GetFileName(file), out BlockName name) || relative != RepositoryPaths.Block(name))
        {
            report.Add(relative, RepositoryVerifier.NoNameOfOurs, DamageKind.Foreign);
            return;
        }

        string? fault;
        try
        {
            fault = FaultOf(file, name);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            // It went since it was listed: an agent evicts. Where it is needed, it is missing.
            return;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            fault = $"cannot be read ({e.Message})";
        }

        if (fault is not null) report.Add(relative, fault);
    }

    public void Dispose() => _decoder.Dispose();

    private string? FaultOf(string file, BlockName name)
    {
        using SafeFileHandle handle = File.OpenHandle(file);
        long length = RandomAccess.GetLength(handle);
        bool used = needed.TryMeet(name, out BlockRow row, out int blockLength);
        report.CountBlock(length, used);
        if (length > StoredBlock.MaxLength) return "is longer than any block file";
        if (_stored.Length < length) _stored = GC.AllocateUninitializedArray<byte>((int)length);
        int read = RandomAccess.Read(handle, _stored.AsSpan(0, (int)length), 0);
        if (!StoredBlock.TryVerify(name, _stored.AsMemory(0, read), out StoredBlock stored)) return IndexWalk.NotItsName;
        if (!used) return null;
        if (_block.Length < blockLength) _block = GC.AllocateUninitializedArray<byte>(blockLength);
        return Block.TryMap(row, stored, proven: false, _decoder, _block.AsMemory(0, blockLength), out _) ? null : "is not the block that its index row says";
    }
}
