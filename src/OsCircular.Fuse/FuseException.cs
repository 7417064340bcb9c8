namespace OsCircular.Fuse;

/// <summary>Mounting, serving or unmounting failed; the message is one line for the user: the thing, the cause, the next step.</summary>
public sealed class FuseException : Exception
{
    public FuseException(string message) : base(message)
    {
    }

    public FuseException(string message, Exception cause) : base(message, cause)
    {
    }
}
