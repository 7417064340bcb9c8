namespace OsCircular.Sources.Transfers;

/// <summary>How one request to a mirror or a peer went.</summary>
/// <param name="Error">The outcome.</param>
/// <param name="Detail">One line for people that says more than the error; null where there is no more to say.</param>
public readonly record struct TransferAnswer(SourceError Error, string? Detail = null)
{
    public static implicit operator TransferAnswer(SourceError error) => new(error);
}
