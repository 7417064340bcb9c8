namespace OsCircular.TestKit.Peers;

/// <summary>What a <see cref="MisbehavingPeer"/> does when it is asked for a block.</summary>
public enum Misbehaviour
{
    /// <summary>Nothing wrong: sends the block.</summary>
    None,

    /// <summary>Says nothing, and keeps the connection.</summary>
    Hangs,

    /// <summary>Resets the connection.</summary>
    Resets,

    /// <summary>Sends the block at 1 KB/s.</summary>
    Trickles,

    /// <summary>Sends as many bytes as the block has, one of them wrong.</summary>
    LiesInBytes,

    /// <summary>404, whatever its summary says.</summary>
    HoldsNothing,

    /// <summary>Sends half of the block and closes.</summary>
    DiesMidTransfer,

    /// <summary>503.</summary>
    Refuses,

    /// <summary>Promises 4 GB and sends without end.</summary>
    SendsTooMuch,

    /// <summary>Sends its headers one byte at a time, five a second.</summary>
    SendsHeadersSlowly,
}
