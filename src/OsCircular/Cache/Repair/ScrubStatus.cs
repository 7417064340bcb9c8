namespace OsCircular.Cache.Repair;

/// <summary>The scrub at one moment.</summary>
/// <param name="Rate">Bytes a second that it reads of an idle disk; 0: it is off.</param>
/// <param name="Started">When its round began; null before the first.</param>
/// <param name="IsDone">Whether that round is over, and the next not due yet.</param>
/// <param name="Progress">Of the round, 0 to 1.</param>
/// <param name="Files">Looked at in the round.</param>
/// <param name="Bytes">Read in the round.</param>
/// <param name="Damaged">Found damaged in the round.</param>
public sealed record ScrubStatus(long Rate, DateTimeOffset? Started, bool IsDone, double Progress, long Files, long Bytes, long Damaged);
