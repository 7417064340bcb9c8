using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace OsCircular.Agent.Serving;

/// <summary>Answers GET and HEAD with the files of one repository folder.</summary>
internal sealed class RepositoryFiles
{
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
            using ServedFile? file = ServedFile.Open(_folder, path);
            if (file is null) response.StatusCode = StatusCodes.Status404NotFound;
            else if (file.Prepare(context) is { } range) await file.SendAsync(range, context);
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
}
