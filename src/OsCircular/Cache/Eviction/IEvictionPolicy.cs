namespace OsCircular.Cache.Eviction;

/// <summary>
/// Decides which held block goes first. Pure: no clock, no I/O, no chance; the same calls give the same victims.
/// Blocks are known by small numbers (slots) that the caller reuses after <see cref="Remove"/>. The caller sees to it that one call runs at a time,
/// and keeps what must not go (pinned, in flight) out of it: what was never added is never a victim.
/// </summary>
public interface IEvictionPolicy
{
    /// <summary>How many blocks it may choose among.</summary>
    int Count { get; }

    /// <summary>A block came in.</summary>
    /// <param name="slot">Not held by the policy now.</param>
    /// <param name="fingerprint">Of the block's name: lets a policy recognise a block that it gave up not long ago.</param>
    void Add(int slot, uint fingerprint);

    /// <summary>A held block was read. Quick, for it is called on the read path. Nothing where the policy does not hold the slot.</summary>
    void Touch(int slot);

    /// <summary>A block left for another reason than eviction. Nothing where the policy does not hold the slot.</summary>
    void Remove(int slot);

    /// <summary>Gives up one block; afterwards the policy does not hold it.</summary>
    /// <returns>The slot, or -1 where it holds none.</returns>
    int TakeVictim();

    /// <summary>What is worth remembering of a block across a restart, in one byte of the policy's own; 0 means nothing.</summary>
    byte Save(int slot);

    /// <summary>A block is held again after a restart; as <see cref="Add"/>, with what <see cref="Save"/> gave.</summary>
    void Restore(int slot, uint fingerprint, byte saved);
}
