namespace OsCircular.Agent.Serving;

/// <summary>Why a request of a peer was refused.</summary>
public enum PeerRefusal
{
    /// <summary>405: neither GET nor HEAD.</summary>
    Method,

    /// <summary>404: no path of ours.</summary>
    Path,

    /// <summary>403: nothing is proven here, and the address is none of a member.</summary>
    Stranger,

    /// <summary>401: no proof, or a wrong one.</summary>
    Unproven,

    /// <summary>400: a header that is not what it must be.</summary>
    Malformed,

    /// <summary>403: greets for another group.</summary>
    AnotherGroup,

    /// <summary>503: it gave wrong bytes of late.</summary>
    Banned,

    /// <summary>503: as many uploads run as its class may have.</summary>
    UploadsFull,

    /// <summary>503: the upload rate is used up for longer than an asker should wait.</summary>
    RateUsed,

    /// <summary>503: as many fetches for this peer, or for all, as there may be.</summary>
    FetchesFull,

    /// <summary>503: this agent cannot be the home now.</summary>
    NotHome,
}
