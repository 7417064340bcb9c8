using System.Globalization;
using OsCircular.Agent.Configuration;

namespace OsCircular.Agent.Output;

/// <summary>
/// A progress bar with rate and time left on standard error, redrawn at most ten times a second; nothing where standard error is no terminal.
/// Thread-safe.
/// </summary>
public sealed class ProgressLine : IDisposable
{
    private const int BarWidth = 30;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
#pragma warning disable CA2213 // standard error is not ours to close
    private readonly TextWriter? _terminal;
#pragma warning restore CA2213
    private readonly string _what;
    private readonly bool _inBytes;
    private readonly long _started;
    private long _drawn;
    private int _width;

    /// <param name="what">A word or two that stand before the bar.</param>
    /// <param name="time">The clock.</param>
    /// <param name="terminal">Where to draw; null draws nothing.</param>
    /// <param name="inBytes">Whether what is counted are bytes; otherwise only their share is shown.</param>
    public ProgressLine(string what, TimeProvider time, TextWriter? terminal, bool inBytes = true)
    {
        _what = what;
        _inBytes = inBytes;
        _time = time;
        _terminal = terminal;
        _started = time.GetTimestamp();
    }

    /// <summary>Standard error where it is a terminal, else null.</summary>
    public static TextWriter? Terminal => Console.IsErrorRedirected ? null : Console.Error;

    /// <summary>Shows how far it is.</summary>
    /// <param name="done">Bytes done.</param>
    /// <param name="total">Bytes in all; greater than zero.</param>
    public void Report(long done, long total)
    {
        if (_terminal is null) return;
        lock (_lock)
        {
            if (_width > 0 && done < total && _time.GetElapsedTime(_drawn) < Interval) return;
            _drawn = _time.GetTimestamp();
            Draw(Text(_what, done, total, _time.GetElapsedTime(_started), _inBytes));
        }
    }

    /// <summary>The line itself: what, bar, percentage, amounts, rate, time left.</summary>
    public static string Text(string what, long done, long total, TimeSpan elapsed, bool inBytes = true)
    {
        double share = Math.Clamp((double)done / total, 0, 1);
        int full = (int)(share * BarWidth);
        double rate = elapsed.TotalSeconds > 0 ? done / elapsed.TotalSeconds : 0;
        string left = rate > 0 ? $", {Units.FormatTime(TimeSpan.FromSeconds((total - done) / rate))} left" : "";
        string percent = (share * 100).ToString("0", CultureInfo.InvariantCulture).PadLeft(3);
        string amounts = inBytes ? $"  {Units.FormatSize(done)} of {Units.FormatSize(total)}, {Units.FormatSize((long)rate)}/s" : "";
        return $"{what} [{new string('#', full)}{new string('.', BarWidth - full)}] {percent} %{amounts}{left}";
    }

    public void Dispose()
    {
        lock (_lock)
        {
            if (_width > 0) Draw("");
        }
    }

    private void Draw(string text)
    {
        _terminal!.Write($"\r{text.PadRight(_width)}{(text.Length == 0 ? "\r" : "")}");
        _width = text.Length;
    }
}
