namespace OsCircular.Peers.Discovery;

/// <summary>What was logged last of one thing that is looked at again and again, so that only changes are. For one task.</summary>
internal sealed class LastSaid
{
    private string? _text;

    /// <param name="text">How it stands now; null where there is nothing to say.</param>
    /// <returns>Whether that is to be said: it is something, and something else than last time.</returns>
    public bool Changes(string? text)
    {
        bool changes = text is not null && text != _text;
        _text = text;
        return changes;
    }
}
