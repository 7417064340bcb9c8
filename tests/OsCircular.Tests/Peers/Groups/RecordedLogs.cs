using Microsoft.Extensions.Logging;
using OsCircular.TestKit.Peers;

namespace OsCircular.Tests.Peers.Groups;

/// <summary>One <see cref="RecordedLog"/> for all of a host's loggers.</summary>
internal sealed class RecordedLogs : ILoggerFactory
{
    private readonly RecordedLog _log = new();

    public IReadOnlyList<string> Lines => _log.Lines;

    public ILogger CreateLogger(string categoryName) => _log;

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public void Dispose()
    {
    }
}
