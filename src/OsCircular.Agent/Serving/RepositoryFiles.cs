using System.Globalization;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Headers;
using Microsoft.Extensions.Logging;
using Microsoft.Net.Http.Headers;
using Microsoft.Win32.SafeHandles;
using OsCircular.Blocks;
using OsCircular.Sources;

namespace OsCircular.Agent.Serving;

/// <summary>Answers GET and HEAD with the files of one repository folder.</summary>
internal sealed class RepositoryFiles
{
    private const string ForEver = "public, max-age=31536000, immutable";
    private const int ReadSize = 128 * 1024;

    private readonly string _folder;
    private readonly ILogger _logger;

    public RepositoryFiles(string folder, ILogger logger)
    {
        _folder = folder;
        _logger = logger;
    }

    public async Task AnswerAsync(HttpContext context)
    {
        HttpResponse response = context.Response;
        if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method))
        {
            response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            response.Headers.Allow = "GET, HEAD";
            return;
        }

        response.Headers.XContentTypeOptions = "nosniff";
        if (!ServedPath.TryParse(context.Request.Path.Value ?? "", out ServedPath path))
        {
            response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        try
        {
            using SafeFileHandle file = File.OpenHandle(Path.Combine(_folder, path.Relative));
            if (path.IsImmutable) await SendAsync(context, file, path, path.Tag!);
            else await SendHeadAsync(context, file, path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            response.StatusCode = StatusCodes.Status404NotFound;
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client has gone.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _logger.FileUnreadable(path.Relative, e.Message);
            if (response.HasStarted) context.Abort();
            else response.StatusCode = StatusCodes.Status500InternalServerError;
        }
    }

    // The head is replaced by rename: the one file opened is one state of it, and its content is its tag.
    private static async Task SendHeadAsync(HttpContext context, SafeFileHandle file, ServedPath path)
    {
        byte[] bytes = new byte[RepositoryPaths.MaxHeadLength];
        int length = await RandomAccess.ReadAsync(file, bytes, 0, context.RequestAborted);
        await SendAsync(context, file, path, Digest.Of(bytes.AsSpan(0, length)).ToString()[..32]);
    }

    private static async Task SendAsync(HttpContext context, SafeFileHandle file, ServedPath path, string tag)
    {
        HttpResponse response = context.Response;
        var entityTag = new EntityTagHeaderValue($"\"{tag}\"");
        DateTimeOffset modified = File.GetLastWriteTimeUtc(file);
        modified = modified.AddTicks(-(modified.Ticks % TimeSpan.TicksPerSecond));
        response.Headers.CacheControl = path.IsImmutable ? ForEver : "no-cache";
        response.Headers.ETag = entityTag.ToString();
        response.Headers.LastModified = modified.ToString("R", CultureInfo.InvariantCulture);
        response.Headers.AcceptRanges = "bytes";
        if (IsKnown(context.Request, entityTag, modified))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        long length = RandomAccess.GetLength(file);
        string? wanted = MayBePartial(context.Request, entityTag, modified) ? (string?)context.Request.Headers.Range : null;
        if (ByteRange.Of(wanted, length) is not { } range)
        {
            response.StatusCode = StatusCodes.Status416RangeNotSatisfiable;
            response.Headers.ContentRange = $"bytes */{length}";
            return;
        }

        response.ContentType = path.ContentType;
        response.ContentLength = range.Length;
        if (range.IsPartial)
        {
            response.StatusCode = StatusCodes.Status206PartialContent;
            response.Headers.ContentRange = $"bytes {range.Offset}-{range.Offset + range.Length - 1}/{length}";
        }

        if (HttpMethods.IsGet(context.Request.Method)) await CopyAsync(file, range, response.BodyWriter, context.RequestAborted);
    }

    // If-None-Match is heard before If-Modified-Since (RFC 9110, section 13.2.2).
    private static bool IsKnown(HttpRequest request, EntityTagHeaderValue tag, DateTimeOffset modified)
    {
        RequestHeaders headers = request.GetTypedHeaders();
        if (headers.IfNoneMatch is { Count: > 0 } tags) return tags.Any(known => known.Tag == "*" || known.Compare(tag, useStrongComparison: false));
        return headers.IfModifiedSince is { } since && modified <= since;
    }

    private static bool MayBePartial(HttpRequest request, EntityTagHeaderValue tag, DateTimeOffset modified) =>
        request.GetTypedHeaders().IfRange is not { } condition
        || (condition.EntityTag is { } known ? known.Compare(tag, useStrongComparison: true) : condition.LastModified == modified);

    // Straight into the connection's own buffers: one copy less than a stream makes.
    private static async Task CopyAsync(SafeFileHandle file, ByteRange range, PipeWriter writer, CancellationToken cancellationToken)
    {
        long end = range.Offset + range.Length;
        for (long at = range.Offset; at < end;)
        {
            int wanted = (int)Math.Min(ReadSize, end - at);
            int read = await RandomAccess.ReadAsync(file, writer.GetMemory(wanted)[..wanted], at, cancellationToken);
            if (read == 0) throw new EndOfStreamException("The file became shorter while it was sent.");
            writer.Advance(read);
            at += read;
            FlushResult flushed = await writer.FlushAsync(cancellationToken);
            if (flushed.IsCompleted) return;
        }
    }
}
