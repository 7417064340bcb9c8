namespace OsCircular.Sources;

/// <summary>Why a source did not yield what was asked: a closed set, turned into errno by one switch in Mount.</summary>
public enum SourceError
{
    None = 0,

    /// <summary>Whoever was asked does not hold it (HTTP 404, no such file). Final for that source; says nothing about others.</summary>
    Missing,

    /// <summary>Bytes came, but they are not what their name or row says.</summary>
    Invalid,

    /// <summary>No answer could be had: connection refused or broken, 5xx, short body, no network, failing disk.</summary>
    Unreachable,

    /// <summary>An answer that says no for now or for ever: 401, 403, 429, 503, a ban, a full queue.</summary>
    Refused,

    /// <summary>The time for it is over.</summary>
    TimedOut,

    /// <summary>Whoever asked no longer wants it.</summary>
    Cancelled,

    /// <summary>The place to put it is full.</summary>
    NoSpace,
}
