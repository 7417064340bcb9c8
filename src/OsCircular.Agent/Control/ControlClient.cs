using System.Net;
using System.Net.Sockets;
using OsCircular.Agent.Output;
using OsCircular.Blocks;
using OsCircular.Cache;
using OsCircular.Library.Carrying;
using OsCircular.Library.Pins;

namespace OsCircular.Agent.Control;

/// <summary>Asks the agent that runs on a cache.</summary>
internal static class ControlClient
{
    public const string SocketName = "control.sock";
    public const string StatusPath = "/status";
    public const string PeersPath = "/peers";
    public const string FillPath = "/fill";
    public const string PinPath = "/pin";
    public const string ProfilePath = "/profile";
    public const string RepairPath = "/repair";
    public const string ImportPath = "/import";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan IndexLimit = TimeSpan.FromMinutes(10);

    /// <summary>An agent that imports says several times a second how far it is.</summary>
    private static readonly TimeSpan ImportPatience = TimeSpan.FromMinutes(1);

    /// <summary>How long to ask the cache's disk where the agent is; one that hangs is left out.</summary>
    private static readonly TimeSpan DiskLimit = TimeSpan.FromSeconds(2);

    /// <returns>The agent's answer, or null where none runs on that cache.</returns>
    /// <exception cref="UserError">An agent runs there, but does not answer.</exception>
    public static Task<StatusReport?> StatusAsync(string cacheDirectory, CancellationToken cancellationToken) =>
        AskAsync<StatusReport>(cacheDirectory, HttpMethod.Get, StatusPath, cancellationToken);

    /// <inheritdoc cref="StatusAsync"/>
    public static Task<PeersReport?> PeersAsync(string cacheDirectory, CancellationToken cancellationToken) =>
        AskAsync<PeersReport>(cacheDirectory, HttpMethod.Get, PeersPath, cancellationToken);

    /// <summary>Begins (POST) or stops (DELETE) the filling of a version, or asks after it (GET).</summary>
    /// <returns>Where it stands, or null where no agent runs on that cache.</returns>
    /// <exception cref="UserError">The agent says why it cannot be done, or does not answer.</exception>
    public static Task<FillReport?> FillAsync(string cacheDirectory, HttpMethod method, Pin what, CancellationToken cancellationToken) =>
        AskAsync<FillReport>(cacheDirectory, method, FillPath + PinRequests.Query(what), cancellationToken);

    /// <summary>Pins (POST), unpins (DELETE), or asks after a pin (GET). Pinning looks through the version's index, which may have to be fetched first.</summary>
    /// <inheritdoc cref="FillAsync"/>
    public static Task<PinReport?> PinAsync(string cacheDirectory, HttpMethod method, Pin pin, CancellationToken cancellationToken) =>
        AskAsync<PinReport>(cacheDirectory, method, PinPath + PinRequests.Query(pin), cancellationToken, IndexLimit);

    /// <summary>Begins (POST) or ends (DELETE) the recording of a boot, or asks after it (GET).</summary>
    /// <param name="cacheDirectory">The cache.</param>
    /// <param name="method">What to do.</param>
    /// <param name="query">Of <see cref="PinRequests.Query"/> and <see cref="ProfileRequests.Query"/>.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <inheritdoc cref="FillAsync"/>
    public static Task<RecordingReport?> RecordAsync(string cacheDirectory, HttpMethod method, string query, CancellationToken cancellationToken) =>
        AskAsync<RecordingReport>(cacheDirectory, method, ProfilePath + query, cancellationToken);

    /// <summary>Has the agent look at these files of its cache again, and heal those that are damaged.</summary>
    /// <param name="cacheDirectory">The cache.</param>
    /// <param name="paths">In the cache; at most <see cref="RepairRequests.MostAtOnce"/>.</param>
    /// <param name="limit">How long it may take.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <returns>What became of them, or null where no agent runs on that cache.</returns>
    public static Task<RepairReport?> RepairAsync(string cacheDirectory, IEnumerable<string> paths, TimeSpan limit, CancellationToken cancellationToken) =>
        AskAsync<RepairReport>(cacheDirectory, HttpMethod.Post, $"{RepairPath}?{string.Join('&', paths.Select(path => $"path={Uri.EscapeDataString(path)}"))}", cancellationToken, limit);

    /// <summary>Has the agent import a file, and waits until it is done. Where this is cancelled, the agent stops importing.</summary>
    /// <param name="cacheDirectory">The cache.</param>
    /// <param name="import">What to import.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <returns>What came in, or null where no agent runs on that cache.</returns>
    /// <exception cref="UserError">The agent says why it cannot be done, or ended meanwhile.</exception>
    public static async Task<ImportResult?> ImportAsync(
        string cacheDirectory, ImportOrder import, IProgress<CarryProgress> progress, CancellationToken cancellationToken)
    {
        if (await FindSocketAsync(cacheDirectory, cancellationToken) is not { } socket) return null;
        using HttpClient client = ClientOf(socket, Timeout.InfiniteTimeSpan);
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(ImportPatience);
        try
        {
            using HttpRequestMessage request = new(HttpMethod.Post, new Uri($"http://agent{ImportPath}{import.ToQuery()}"));
            using HttpResponseMessage answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, patience.Token);
            answer.EnsureSuccessStatusCode();
            await using Stream body = await answer.Content.ReadAsStreamAsync(patience.Token);
            await foreach (ImportAnswer? at in Json.ReadAllAsync<ImportAnswer>(body, patience.Token))
            {
                patience.CancelAfter(ImportPatience);
                if (at?.Result is not null) return at.Result;
                if (at?.Error is not null) throw new UserError(at.Error, at.ExitCode);
                if (at is not null) progress.Report(new CarryProgress(at.Done, at.Total));
            }
        }
        catch (HttpRequestException error) when (error.GetBaseException() is SocketException { SocketErrorCode: SocketError.ConnectionRefused })
        {
            return null;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new UserError($"the agent on {cacheDirectory} says nothing any more; look at its log, and run the import again to go on");
        }
        catch (Exception error) when (error is HttpRequestException or IOException or System.Text.Json.JsonException && !cancellationToken.IsCancellationRequested)
        {
            throw new UserError($"the agent on {cacheDirectory} ended meanwhile ({error.Message}); run the import again to go on", error);
        }

        throw new UserError($"the agent on {cacheDirectory} ended meanwhile; run the import again to go on");
    }

    private static HttpClient ClientOf(string socket, TimeSpan limit) =>
        new(new SocketsHttpHandler { UseProxy = false, ConnectCallback = (_, token) => ConnectAsync(socket, token) }) { Timeout = limit };

    private static async Task<T?> AskAsync<T>(
        string cacheDirectory, HttpMethod method, string path, CancellationToken cancellationToken, TimeSpan? limit = null) where T : class
    {
        if (await FindSocketAsync(cacheDirectory, cancellationToken) is not { } socket) return null;
        using HttpClient client = ClientOf(socket, limit ?? Limit);
        try
        {
            using HttpRequestMessage request = new(method, new Uri($"http://agent{path}"));
            using HttpResponseMessage answer = await client.SendAsync(request, cancellationToken);
            string text = await answer.Content.ReadAsStringAsync(cancellationToken);
            if (answer.StatusCode == HttpStatusCode.Conflict) throw new UserError(text);
            answer.EnsureSuccessStatusCode();
            return Json.Read<T>(text);
        }
        catch (HttpRequestException error) when (error.GetBaseException() is SocketException { SocketErrorCode: SocketError.ConnectionRefused })
        {
            return null;
        }
        catch (Exception error) when (error is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            throw new UserError($"the agent on {cacheDirectory} does not answer: {error.Message}; look at its log", error);
        }
    }

    // By the folder itself; where the disk is gone, or was and came back as another, by the path at which the agent found it.
    private static async Task<string?> FindSocketAsync(string cacheDirectory, CancellationToken cancellationToken)
    {
        bool isThere = true;
        try
        {
            Task<string?> byFolder = Task.Run(() => Directory.Exists(cacheDirectory) ? RuntimeDirectory.For(cacheDirectory) : null, cancellationToken);
            string? directory = await byFolder.WaitAsync(DiskLimit, TimeProvider.System, cancellationToken);
            isThere = directory is not null;
            if (directory is not null && SocketIn(directory) is { } socket) return socket;
        }
        catch (TimeoutException)
        {
            // The path alone must do.
        }

        if (RuntimeDirectory.LastAt(cacheDirectory) is { } last && SocketIn(last) is { } lastSocket) return lastSocket;
        return isThere ? null : throw new UserError($"{cacheDirectory}: no such directory; name the cache of the agent with --cache");
    }

    private static string? SocketIn(string directory)
    {
        string socket = Path.Combine(directory, SocketName);
        return File.Exists(socket) ? socket : null;
    }

    private static async ValueTask<Stream> ConnectAsync(string socket, CancellationToken cancellationToken)
    {
        Socket connection = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), cancellationToken);
            return new NetworkStream(connection, ownsSocket: true);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }
}
