using System.Globalization;

namespace OsCircular.Agent.Configuration;

/// <summary>Sizes and times as the command line writes them: <c>64MiB</c>, <c>30s</c>.</summary>
public static class Units
{
    private static readonly (string Suffix, long Factor)[] SizeUnits =
    [
        ("KiB", 1L << 10), ("MiB", 1L << 20), ("GiB", 1L << 30), ("TiB", 1L << 40),
        ("kB", 1000L), ("MB", 1000_000L), ("GB", 1000_000_000L), ("TB", 1000_000_000_000L),
        ("K", 1L << 10), ("M", 1L << 20), ("G", 1L << 30), ("T", 1L << 40), ("B", 1L),
    ];

    private static readonly (string Suffix, TimeSpan Unit)[] TimeUnits =
    [
        ("ms", TimeSpan.FromMilliseconds(1)), ("s", TimeSpan.FromSeconds(1)), ("min", TimeSpan.FromMinutes(1)), ("m", TimeSpan.FromMinutes(1)),
        ("h", TimeSpan.FromHours(1)), ("d", TimeSpan.FromDays(1)),
    ];

    /// <summary>Reads <c>4096</c>, <c>64KiB</c>, <c>1.5GiB</c>, <c>10GB</c>; K, M, G, T alone are binary.</summary>
    public static bool TryParseSize(string text, out long bytes)
    {
        bytes = 0;
        long factor = 1;
        ReadOnlySpan<char> number = text.AsSpan().Trim();
        foreach ((string suffix, long unit) in SizeUnits)
        {
            if (!number.EndsWith(suffix, StringComparison.OrdinalIgnoreCase)) continue;
            number = number[..^suffix.Length].TrimEnd();
            factor = unit;
            break;
        }

        // Divided, for a product may be more than a decimal holds.
        if (!TryParseNumber(number, out decimal value) || value > (decimal)long.MaxValue / factor) return false;
        bytes = (long)(value * factor);
        return true;
    }

    /// <summary>Reads <c>30s</c>, <c>500ms</c>, <c>5m</c>, <c>12h</c>, <c>30d</c>; a number alone has no unit and is refused.</summary>
    public static bool TryParseTime(string text, out TimeSpan time)
    {
        time = default;
        ReadOnlySpan<char> trimmed = text.AsSpan().Trim();
        foreach ((string suffix, TimeSpan unit) in TimeUnits)
        {
            if (!trimmed.EndsWith(suffix, StringComparison.OrdinalIgnoreCase)) continue;
            if (!TryParseNumber(trimmed[..^suffix.Length].TrimEnd(), out decimal value)) continue;
            if (value > (decimal)long.MaxValue / unit.Ticks) return false;
            time = new TimeSpan((long)(value * unit.Ticks));
            return true;
        }

        return false;
    }

    /// <summary>Three significant digits and a binary unit: <c>1.23 GiB</c>.</summary>
    public static string FormatSize(long bytes)
    {
        if (bytes < 1024) return string.Create(CultureInfo.InvariantCulture, $"{bytes} B");
        double value = bytes;
        int unit = -1;
        while (value >= 999.5 && unit < 3)
        {
            value /= 1024;
            unit++;
        }

        string format = value < 9.995 ? "0.00" : value < 99.95 ? "0.0" : "0";
        return $"{value.ToString(format, CultureInfo.InvariantCulture)} {SizeUnits[unit].Suffix}";
    }

    /// <summary>Short: <c>350 ms</c>, <c>2.4 s</c>, <c>3 min 20 s</c>, <c>2 h 5 min</c>, <c>3 d 4 h</c>.</summary>
    public static string FormatTime(TimeSpan time) => time switch
    {
        { TotalSeconds: < 0.9995 } => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:0} ms"),
        { TotalSeconds: < 99.95 } => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.0} s"),
        { TotalHours: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalMinutes} min {time.Seconds} s"),
        { TotalDays: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalHours} h {time.Minutes} min"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalDays} d {time.Hours} h"),
    };

    private static bool TryParseNumber(ReadOnlySpan<char> text, out decimal value) =>
        decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out value);
}
