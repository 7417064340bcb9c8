using System.Globalization;
using OsCircular.Sources.Rates;

namespace OsCircular.Agent.Configuration;

/// <summary>
/// Reads a cap in bytes a second as a user writes it: <c>20MiB/s</c>, and for some hours of the day <c>08:00-18:00=5MiB/s</c>. Several values make one schedule.
/// </summary>
internal sealed class RateReader(SettingLayers layers, List<string> errors)
{
    /// <summary>Slower than this, one block takes longer than a reader waits.</summary>
    public const long Least = 64 * 1024;

    public const long Most = 1L << 40;

    private static readonly string[] TimeFormats = ["H:mm", "HH:mm"];

    /// <param name="name">The setting.</param>
    /// <param name="mayStop">Whether 0 is a rate: nothing at all in those hours.</param>
    public RateSchedule Read(string name, bool mayStop = false)
    {
        long? otherwise = null;
        List<RateSpan> spans = [];
        foreach (SettingValue value in layers[name])
        {
            int equals = value.Text.IndexOf('=', StringComparison.Ordinal);
            if (!TryRate(value.Text[(equals + 1)..], mayStop, out long rate))
            {
                string or = mayStop ? ", or 0 for nothing at all" : "";
                errors.Add($"{value.WrittenAt}: '{value.Text}' is no rate of at least 64KiB a second; write it like 20MiB or 08:00-18:00=5MiB{or}");
            }
            else if (equals < 0)
            {
                if (otherwise is not null) errors.Add($"{value.WrittenAt}: '{value.Text}' is the second rate without hours; give one, and any more like 08:00-18:00={value.Text}");
                otherwise ??= rate;
            }
            else if (!TryHours(value.Text[..equals], out TimeOnly from, out TimeOnly to))
            {
                errors.Add($"{value.WrittenAt}: '{value.Text}' has no hours of the day before its '='; write them like 08:00-18:00=5MiB");
            }
            else if (spans.Exists(span => Overlaps(span, from, to)))
            {
                errors.Add($"{value.WrittenAt}: '{value.Text}' overlaps other hours of {name}; give each hour one rate");
            }
            else
            {
                spans.Add(new RateSpan(from, to, rate));
            }
        }

        return new RateSchedule(otherwise, spans);
    }

    private static bool Overlaps(RateSpan span, TimeOnly from, TimeOnly to) => span.Holds(from) || new RateSpan(from, to, 0).Holds(span.From);

    private static bool TryRate(string text, bool mayStop, out long rate)
    {
        string amount = text.EndsWith("/s", StringComparison.OrdinalIgnoreCase) ? text[..^2] : text;
        return Units.TryParseSize(amount, out rate) && (rate is >= Least and <= Most || (mayStop && rate == 0));
    }

    private static bool TryHours(string text, out TimeOnly from, out TimeOnly to)
    {
        from = to = default;
        return text.Split('-') is [string first, string last] && TryTime(first, out from) && (last.Trim() == "24:00" || TryTime(last, out to)) && from != to;
    }

    private static bool TryTime(string text, out TimeOnly time) => TimeOnly.TryParseExact(text.Trim(), TimeFormats, CultureInfo.InvariantCulture, DateTimeStyles.None, out time);
}
