using OsCircular.Indexes;
using OsCircular.Library.Filling;

namespace OsCircular.Library.Pins;

/// <summary>How far a pin is kept.</summary>
public enum PinState
{
    /// <summary>There is nothing to hold yet, or it is not known what.</summary>
    Waiting,

    /// <summary>Its blocks are being brought in; those that are here stay.</summary>
    Filling,

    /// <summary>All its blocks are here, and stay.</summary>
    Held,
}

/// <summary>One pin at one moment.</summary>
/// <param name="Pin">As the user asked for it.</param>
/// <param name="Kept">The version that it keeps; null where there is none yet.</param>
/// <param name="Next">A newer one that is brought in, and takes its place when all of it is held.</param>
/// <param name="State">Of <paramref name="Next"/>, or else of <paramref name="Kept"/>.</param>
/// <param name="Problem">What is not kept, and why, in one clause; null where all is well.</param>
/// <param name="Fill">How far it is brought in; null where nothing was to be brought in since the start.</param>
public sealed record PinStatus(Pin Pin, VersionName? Kept, VersionName? Next, PinState State, string? Problem, FillProgress? Fill);
