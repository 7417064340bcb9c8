using OsCircular.Indexes;

namespace OsCircular.Publishing.Mirroring;

/// <summary>Which head may take a copy's place: a pure function. Expiry has no say here: it limits what agents adopt, not what is handed on.</summary>
internal static class CopyRule
{
    /// <returns>Why it may not, to follow "its head "; null where it may.</returns>
    public static string? FaultOf(HeadComment? held, HeadComment offered)
    {
        if (held is null) return null;
        if (offered.Repository != held.Repository) return $"is of repository {offered.Repository}, but the copy is of {held.Repository}; give another folder";
        if (offered.Sequence < held.Sequence)
            return $"has sequence {offered.Sequence}, lower than the copy's {held.Sequence}: it lags, or shows an old copy; nothing was changed";
        return offered.Sequence == held.Sequence && offered.Manifest != held.Manifest
            ? $"is a fork: sequence {offered.Sequence} with manifest {offered.Manifest}, while the copy has manifest {held.Manifest}; ask the publisher which is right"
            : null;
    }
}
