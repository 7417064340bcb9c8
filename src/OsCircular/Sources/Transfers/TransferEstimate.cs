namespace OsCircular.Sources.Transfers;

/// <summary>What is known of a mirror or a peer when one is chosen.</summary>
/// <param name="Latency">Seconds to the first byte, beyond the queue that we ourselves put there.</param>
/// <param name="Rate">Bytes a second; 0 where nothing was measured.</param>
/// <param name="QueuedBytes">Bytes asked for and not yet here.</param>
/// <param name="Stale">Not measured of late.</param>
/// <param name="Resting">Not to be asked where another can be.</param>
public readonly record struct TransferEstimate(double Latency, double Rate, long QueuedBytes, bool Stale = false, bool Resting = false)
{
    /// <summary>Seconds until a file of this length would be here; infinite where nothing was measured.</summary>
    public double ExpectedFinish(int length) => Rate > 0 ? Latency + ((QueuedBytes + length) / Rate) : double.PositiveInfinity;

    /// <summary>Seconds until its first byte would be here; infinite where nothing was measured.</summary>
    public double ExpectedFirstByte => ExpectedFinish(0);
}
