using System.Globalization;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Headers;
using Microsoft.Net.Http.Headers;
using Microsoft.Win32.SafeHandles;
using OsCircular.Blocks;
using OsCircular.Cache;
using OsCircular.Sources;

namespace OsCircular.Agent.Serving;

/// <summary>One file of a repository, open to be sent: whoever replaces or removes it meanwhile does not harm the answer.</summary>
internal sealed class ServedFile : IDisposable
{
    private const string ForEver = "public, max-age=31536000, immutable";

    // Nearly every block file is read with one call and leaves with one flush.
    private const int ReadSize = 256 * 1024;

    private readonly SafeFileHandle _file;
    private readonly ServedPath _path;

    private ServedFile(SafeFileHandle file, ServedPath path)
    {
        _file = file;
        _path = path;
    }

    /// <returns>Null where there is no such file.</returns>
    /// <exception cref="IOException">It is there and cannot be opened.</exception>
    public static ServedFile? Open(string folder, ServedPath path) =>
        ReadOnlyFile.Open(Path.Combine(folder, path.Relative)) is { } file ? new ServedFile(file, path) : null;

    /// <summary>Sets status and headers of the answer to a GET or HEAD.</summary>
    /// <returns>What is still to be sent as its body; null where it has none (HEAD, 304, 416).</returns>
    public ByteRange? Prepare(HttpContext context)
    {
        HttpRequest request = context.Request;
        HttpResponse response = context.Response;
        var tag = new EntityTagHeaderValue($"\"{_path.Tag ?? TagOfContent()}\"");
        DateTimeOffset modified = Modified();
        response.Headers.CacheControl = _path.IsImmutable ? ForEver : "no-cache";
        response.Headers.ETag = tag.ToString();
        response.Headers.LastModified = modified.ToString("R", CultureInfo.InvariantCulture);
        response.Headers.AcceptRanges = "bytes";
        if (IsKnown(request, tag, modified))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return null;
        }

        long length = RandomAccess.GetLength(_file);
        string? wanted = MayBePartial(request, tag, modified) ? (string?)request.Headers.Range : null;
        if (ByteRange.Of(wanted, length) is not { } range)
        {
            response.StatusCode = StatusCodes.Status416RangeNotSatisfiable;
            response.Headers.ContentRange = $"bytes */{length}";
            return null;
        }

        response.ContentType = _path.ContentType;
        response.ContentLength = range.Length;
        if (range.IsPartial)
        {
            response.StatusCode = StatusCodes.Status206PartialContent;
            response.Headers.ContentRange = $"bytes {range.Offset}-{range.Offset + range.Length - 1}/{length}";
        }

        return HttpMethods.IsGet(request.Method) ? range : null;
    }

    /// <summary>
    /// Sends what <see cref="Prepare"/> returned, straight into the connection's own buffers: one copy less than a stream makes. The reads are synchronous:
    /// an asynchronous one of a file only blocks another thread of the same pool, and a block that is wanted is mostly in the page cache.
    /// </summary>
    /// <returns>Whether all of it was handed to the connection; false where the client has gone.</returns>
    public async ValueTask<bool> SendAsync(ByteRange range, HttpContext context)
    {
        // Once the answer has started, its writer lends the connection's memory; before, memory that is copied again.
        await context.Response.StartAsync(context.RequestAborted);
        PipeWriter writer = context.Response.BodyWriter;
        long end = range.Offset + range.Length;
        for (long at = range.Offset; at < end;)
        {
            int wanted = (int)Math.Min(ReadSize, end - at);
            int read = RandomAccess.Read(_file, writer.GetMemory(wanted).Span[..wanted], at);
            if (read == 0) throw new EndOfStreamException("The file became shorter while it was sent.");
            writer.Advance(read);
            at += read;
            FlushResult flushed = await writer.FlushAsync(context.RequestAborted);
            if (flushed.IsCompleted) return false;
        }

        return true;
    }

    public void Dispose() => _file.Dispose();

    // The head is replaced by rename: the one file opened is one state of it, and its content is its tag.
    private string TagOfContent()
    {
        byte[] bytes = new byte[RepositoryPaths.MaxHeadLength];
        int length = RandomAccess.Read(_file, bytes, 0);
        return Digest.Of(bytes.AsSpan(0, length)).ToString()[..32];
    }

    // In whole seconds, as HTTP writes them.
    private DateTimeOffset Modified()
    {
        DateTimeOffset modified = File.GetLastWriteTimeUtc(_file);
        return modified.AddTicks(-(modified.Ticks % TimeSpan.TicksPerSecond));
    }

    // If-None-Match is heard before If-Modified-Since (RFC 9110, section 13.2.2).
    private static bool IsKnown(HttpRequest request, EntityTagHeaderValue tag, DateTimeOffset modified)
    {
        if (request.Headers.IfNoneMatch.Count == 0 && request.Headers.IfModifiedSince.Count == 0) return false;
        RequestHeaders headers = request.GetTypedHeaders();
        if (headers.IfNoneMatch is { Count: > 0 } tags) return tags.Any(known => known.Tag == "*" || known.Compare(tag, useStrongComparison: false));
        return headers.IfModifiedSince is { } since && modified <= since;
    }

    private static bool MayBePartial(HttpRequest request, EntityTagHeaderValue tag, DateTimeOffset modified) =>
        request.Headers.IfRange.Count == 0
        || request.GetTypedHeaders().IfRange is not { } condition
        || (condition.EntityTag is { } known ? known.Compare(tag, useStrongComparison: true) : condition.LastModified == modified);
}
