namespace OsCircular.Peers.Discovery;

/// <summary>What became of the beacons since the start.</summary>
/// <param name="Sent">Datagrams; one for each interface and family.</param>
/// <param name="Heard">All that arrived: the sum of the following.</param>
/// <param name="Own">Our own, heard again.</param>
/// <param name="OtherGroup">Of another group, or of a BitTorrent client.</param>
/// <param name="Malformed">No beacon at all.</param>
/// <param name="Strangers">From an address that no member may have.</param>
/// <param name="Limited">Heard a moment ago, or too many.</param>
/// <param name="Passed">Led to a find or a good-bye.</param>
public readonly record struct BeaconCounters(
    long Sent, long Heard, long Own, long OtherGroup, long Malformed, long Strangers, long Limited, long Passed);
