using OsCircular.Blocks;

namespace OsCircular.Sources.Transfers;

/// <summary>A file wanted from whichever source yields it good: where its bytes go, and what makes them good. One for each request; attempts may race.</summary>
internal abstract class WantedFile
{
    public abstract string Path { get; }

    /// <summary>Bytes to expect, for ranking.</summary>
    public abstract int Length { get; }

    /// <summary>A buffer for one attempt; goes back by <see cref="Return"/>.</summary>
    public abstract BodyBuffer Rent();

    /// <summary>Whether the attempt brought the file. The first that did is the one kept.</summary>
    public abstract bool Accept(BodyBuffer body);

    public abstract void Return(BodyBuffer body);
}

/// <summary>A block file: attempts that race have buffers of their own, the first of them the one that the asker lent.</summary>
internal sealed class WantedBlock : WantedFile
{
    private readonly BlockRequest _request;
    private readonly Memory<byte> _lent;
    private readonly TimeProvider _time;
    private readonly BodyBuffer _first;
    private int _firstTaken;
    private BodyBuffer? _winner;
    private StoredBlock _block;

    public WantedBlock(BlockRequest request, Memory<byte> destination, TimeProvider time)
    {
        _request = request;
        _lent = destination[..request.StoredLength];
        _time = time;
        _first = BodyBuffer.Exactly(_lent, time);
        Path = RepositoryPaths.Block(request.Name);
    }

    public override string Path { get; }
    public override int Length => _request.StoredLength;

    public override BodyBuffer Rent() => Interlocked.Exchange(ref _firstTaken, 1) == 0
        ? _first
        : BodyBuffer.Exactly(BlockBuffers.Shared.Rent(Length).AsMemory(0, Length), _time);

    public override bool Accept(BodyBuffer body)
    {
        if (!StoredBlock.TryVerify(_request.Name, body.Written, out StoredBlock block)) return false;
        if (Interlocked.CompareExchange(ref _winner, body, null) is null) _block = block;
        return true;
    }

    public override void Return(BodyBuffer body)
    {
        if (ReferenceEquals(body, _winner)) return;
        if (!ReferenceEquals(body, _first))
        {
            GiveBack(body);
            return;
        }

        body.Forget();
        Volatile.Write(ref _firstTaken, 0);
    }

    /// <summary>The outcome, when no attempt runs any more.</summary>
    public Fetched Finish(SourceError error)
    {
        if (_winner is null) return error == SourceError.None ? throw new InvalidOperationException("A block that no attempt brought.") : error;
        if (ReferenceEquals(_winner, _first)) return Fetched.Of(_block);
        StoredBlock block = _block.CopyTo(_lent);
        GiveBack(_winner);
        return Fetched.Of(block);
    }

    private static void GiveBack(BodyBuffer body)
    {
        if (System.Runtime.InteropServices.MemoryMarshal.TryGetArray(body.Whole, out ArraySegment<byte> array)) BlockBuffers.Shared.Return(array.Array!);
    }
}

/// <summary>A manifest, index page or profile.</summary>
internal sealed class WantedDocument(DocumentName name, TimeProvider time) : WantedFile
{
    // Their lengths are not known beforehand; index pages, by far the most, have about this one.
    private const int UsualLength = 32 * 1024;
    private FetchedDocument? _document;

    public override string Path => name.Path;
    public override int Length => UsualLength;

    public override BodyBuffer Rent() => BodyBuffer.UpTo(name.MaxLength, time);

    public override bool Accept(BodyBuffer body)
    {
        FetchedDocument document = FetchedDocument.Verify(name, body.Written);
        if (document.Succeeded) _document = document;
        return document.Succeeded;
    }

    public override void Return(BodyBuffer body)
    {
    }

    public FetchedDocument Finish(SourceError error) => _document ?? error;
}

/// <summary>The head: whether it is good, only whoever adopts it can say.</summary>
internal sealed class WantedHead(TimeProvider time) : WantedFile
{
    public override string Path => RepositoryPaths.Head;
    public override int Length => RepositoryPaths.MaxHeadLength;
    public ReadOnlyMemory<byte> Bytes { get; private set; }

    public override BodyBuffer Rent() => BodyBuffer.UpTo(RepositoryPaths.MaxHeadLength, time);

    public override bool Accept(BodyBuffer body)
    {
        Bytes = body.Written;
        return true;
    }

    public override void Return(BodyBuffer body)
    {
    }
}
