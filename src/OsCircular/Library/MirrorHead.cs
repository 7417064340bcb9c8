using OsCircular.Indexes;
using OsCircular.Sources;

namespace OsCircular.Library;

/// <summary>What one mirror said when it was last asked for its head.</summary>
/// <param name="Mirror">Its name.</param>
/// <param name="Error">Why no bytes came.</param>
/// <param name="Head">The head, where it opened; adopted only if there is no <paramref name="Refusal"/>.</param>
/// <param name="Refusal">Why it is not adopted.</param>
/// <param name="Detail">More about <paramref name="Error"/>, where the mirror knows more.</param>
public sealed record MirrorHead(string Mirror, SourceError Error, Head? Head, HeadRefusal? Refusal, string? Detail = null)
{
    public bool IsAcceptable => Head is not null && Refusal is null;

    /// <summary>Whether asking again in a moment may do better: the network may come up, a mirror may catch up.</summary>
    public bool MayPass =>
        Error is SourceError.Unreachable or SourceError.TimedOut or SourceError.Refused or SourceError.Cancelled
        || Refusal?.Reason is HeadRefusalReason.Incomplete;

    /// <summary>What is wrong, as one clause after the mirror's name; null where nothing is.</summary>
    public string? Problem => Error == SourceError.None ? Refusal is null ? null : $"its head {Refusal.Message}" : Detail is null ? Failure : $"{Failure} ({Detail})";

    private string Failure => Error switch
    {
        SourceError.Missing => "has no head.minisig; is this the address of a repository?",
        SourceError.TimedOut or SourceError.Cancelled => "did not answer in time",
        SourceError.Invalid => "sent something that is no head",
        SourceError.Refused => "refuses",
        _ => "cannot be reached",
    };
}
