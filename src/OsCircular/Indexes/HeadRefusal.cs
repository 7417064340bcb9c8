namespace OsCircular.Indexes;

/// <summary>Why a head, or its manifest, is not accepted: a closed set.</summary>
public enum HeadRefusalReason
{
    /// <summary>Not in minisign's format, or its comment or manifest is not as <c>Formats.md</c> says.</summary>
    Malformed,

    /// <summary>A format that a later program writes.</summary>
    Newer,

    /// <summary>Signed with another key.</summary>
    WrongKey,

    /// <summary>The key is named, but did not sign this.</summary>
    WrongSignature,

    /// <summary>Signed with a key that a later head revoked.</summary>
    RevokedKey,

    OtherRepository,

    /// <summary>A lower sequence than was adopted before: an old copy, or a replay.</summary>
    LowerSequence,

    /// <summary>The sequence that was adopted before, with another manifest.</summary>
    Fork,

    Expired,

    /// <summary>Its manifest or an index root could not be fetched: that mirror's lag, or no network.</summary>
    Incomplete,
}

/// <summary>Why a head is not accepted, and in words: one clause that follows "the head ".</summary>
public sealed record HeadRefusal(HeadRefusalReason Reason, string Message)
{
    public override string ToString() => Message;
}
