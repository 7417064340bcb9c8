using OsCircular.Blocks;

namespace OsCircular.Sources;

/// <summary>Block files at hand on this host's own disk: the synchronous side of the cache, for the kernel's reader threads.</summary>
public interface ILocalBlocks
{
    /// <summary>Opens, reads and verifies a block file. Allocates nothing. Presence is decided by opening the file.</summary>
    /// <param name="name">The block's name.</param>
    /// <param name="storedLength">Bytes of the block file, as the index row says.</param>
    /// <param name="destination">At least <paramref name="storedLength"/> bytes, lent for this call; the block lies in it afterwards.</param>
    /// <param name="block">The verified block file.</param>
    /// <returns>
    /// <see cref="SourceError.None"/>; <see cref="SourceError.Missing"/>; <see cref="SourceError.Invalid"/> where the file was damaged
    /// (it is then set aside, and the fault counted, before this returns); <see cref="SourceError.Unreachable"/> where the disk fails.
    /// </returns>
    SourceError TryRead(BlockName name, int storedLength, Memory<byte> destination, out StoredBlock block);

    /// <summary>Whether a block file of that name is believed to be here: a look in memory, a hint for read-ahead.</summary>
    bool MayHold(BlockName name);

    /// <summary>Whether the disk hangs: what it does not yield now it may when it goes on. Looked at in memory.</summary>
    bool Hangs { get; }

    /// <summary>Whether this name has been shown to hold this content (SHA-256) since the block file was stored here.</summary>
    bool IsProven(BlockName name, Digest content);

    /// <summary>Records that the name was shown to hold this content. The mark may be lost, and is then made again.</summary>
    void MarkProven(BlockName name, Digest content);
}
