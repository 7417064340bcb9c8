using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace OsCircular.Agent.Output;

/// <summary>Log messages go to standard error, a line each; standard output is for results. The level may be changed while it is in use.</summary>
internal sealed class AgentLogging : IDisposable
{
    private volatile LogLevel _level;

    public AgentLogging(LogLevel level)
    {
        _level = level;
        Factory = LoggerFactory.Create(logging => logging
            .SetMinimumLevel(LogLevel.Trace)
            .AddFilter((category, messageLevel) => messageLevel >= LevelFor(category))
            .AddSimpleConsole(console =>
            {
                console.SingleLine = true;
                console.TimestampFormat = "HH:mm:ss.fff ";
            })
            .Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace));
    }

    public ILoggerFactory Factory { get; }

    /// <summary>What is less than this is not written.</summary>
    public LogLevel Level
    {
        set => _level = value;
    }

    public void Dispose() => Factory.Dispose();

    // The web server tells of every request at a level that is for events here.
    private LogLevel LevelFor(string? category) =>
        category?.StartsWith("Microsoft", StringComparison.Ordinal) == true && _level < LogLevel.Warning ? LogLevel.Warning : _level;
}
