using System.IO.Compression;

namespace OsCircular.Sources.Transfers;

/// <summary>Reads an answer's body straight into the buffer lent for it, never more than that may hold.</summary>
internal static class HttpBody
{
    /// <param name="response">Status 200; disposed by the caller.</param>
    /// <param name="body">Where it goes.</param>
    /// <param name="stall">Wound up again with every read that brought something.</param>
    /// <param name="stallTimeout">To what.</param>
    public static async ValueTask<TransferAnswer> ReadAsync(
        HttpResponseMessage response, BodyBuffer body, CancellationTokenSource stall, TimeSpan stallTimeout)
    {
        string encoding = string.Join(',', response.Content.Headers.ContentEncoding).ToLowerInvariant();
        bool plain = encoding is "" or "identity";
        long? declared = plain ? response.Content.Headers.ContentLength : null;
        if (!body.Accepts(declared)) return new TransferAnswer(SourceError.Invalid, $"the file has {declared} bytes there");

        body.Begin(declared);
        await using Stream raw = await response.Content.ReadAsStreamAsync(stall.Token);

        // We ask for identity; some servers compress all the same. What comes out is bounded as anything else is.
        await using Stream? decoded = plain ? raw : Decoder(encoding, raw);
        if (decoded is null) return new TransferAnswer(SourceError.Invalid, $"Content-Encoding {encoding}");
        while (!body.IsFull)
        {
            int read = await decoded.ReadAsync(body.Room(), stall.Token);
            if (read == 0) return body.IsWhole ? SourceError.None : new TransferAnswer(SourceError.Unreachable, $"the body ends after {body.Length} bytes");
            stall.CancelAfter(stallTimeout);
            body.Advance(read);
        }

        // The reader of a body with a declared length stops there; others might go on.
        if (declared is not null) return SourceError.None;
        bool more = await decoded.ReadAsync(new byte[1], stall.Token) > 0;
        return more ? new TransferAnswer(SourceError.Invalid, $"the file has more than {body.Length} bytes there") : SourceError.None;
    }

    private static Stream? Decoder(string encoding, Stream raw) => encoding switch
    {
        "gzip" or "x-gzip" => new GZipStream(raw, CompressionMode.Decompress),
        "deflate" => new ZLibStream(raw, CompressionMode.Decompress),
        "br" => new BrotliStream(raw, CompressionMode.Decompress),
        _ => null,
    };
}
