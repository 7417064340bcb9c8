using OsCircular.Blocks;
using OsCircular.Mirrors;

namespace OsCircular.Agent.Configuration;

/// <summary>Turns setting layers into <see cref="AgentOptions"/>, collecting every error before it gives up.</summary>
public sealed class AgentOptionsReader(SettingLayers layers)
{
    /// <summary>Every setting of the agent, and whether it may be given several times.</summary>
    public static readonly IReadOnlyDictionary<string, bool> Settings = new Dictionary<string, bool>(StringComparer.Ordinal)
    {
        ["mount-point"] = false,
        ["public-key"] = false,
        ["cache"] = false,
        ["mirror"] = true,
        ["quota"] = false,
        ["memory"] = false,
        ["scrub-rate"] = false,
        ["refresh"] = false,
        ["read-timeout"] = false,
        ["start-timeout"] = false,
        ["takeover-time"] = false,
        ["allow-other"] = false,
        ["peers"] = false,
        ["peer"] = true,
        ["tracker"] = true,
        ["interface"] = true,
        ["listen"] = false,
        ["group"] = false,
        ["group-key"] = false,
        ["upload-rate"] = true,
        ["peer-rate"] = true,
        ["mirror-rate"] = true,
        ["fill-rate"] = true,
        ["fill-after-boot"] = false,
    };

    private readonly List<string> _errors = [.. layers.Errors];

    /// <exception cref="UserError">Something is wrong; the message lists every error, a line each.</exception>
    public AgentOptions Read()
    {
        AgentOptions defaults = new() { MountPoint = "", CacheDirectory = "", PublicKey = "" };
        AgentOptions options = new()
        {
            MountPoint = RequiredPath("mount-point", "name the directory to mount on: oscircular mount DIR ..."),
            CacheDirectory = RequiredPath("cache", "name a directory for the cache with --cache DIR"),
            PublicKey = Required("public-key", "give the publisher's key with --public-key FILE or KEY"),
            Mirrors = Mirrors(),
            Quota = OptionalSize("quota", 16L << 20, long.MaxValue),
            Memory = OptionalSize("memory", 16L << 20, 16L << 30) ?? defaults.Memory,
            ScrubRate = OptionalSize("scrub-rate", 0, 1L << 40) ?? defaults.ScrubRate,
            MirrorRate = new RateReader(layers, _errors).Read("mirror-rate"),
            FillRate = new RateReader(layers, _errors).Read("fill-rate", mayStop: true),
            Refresh = Time("refresh", defaults.Refresh, TimeSpan.FromSeconds(1), TimeSpan.FromDays(7)),
            ReadTimeout = Time("read-timeout", defaults.ReadTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10)),
            StartTimeout = Time("start-timeout", defaults.StartTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10)),
            TakeoverTime = TimeOrNone("takeover-time", defaults.TakeoverTime, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10)),
            Peers = new PeerSettingsReader(layers, _errors).Read(Switch("peers", otherwise: true)),
            FillAfterBoot = Switch("fill-after-boot"),
            AllowOther = Switch("allow-other"),
        };

        if (_errors.Count > 0) throw new UserError(string.Join('\n', _errors), UserError.WrongUsage);
        return options;
    }

    private SettingValue? Single(string name) => layers[name] is [SettingValue value, ..] ? value : null;

    private string Required(string name, string otherwise)
    {
        if (Single(name) is { Text.Length: > 0 } value) return value.Text;
        _errors.Add($"{name} is missing: {otherwise}");
        return "";
    }

    private string RequiredPath(string name, string otherwise)
    {
        string text = Required(name, otherwise);
        if (text.Contains('\0')) _errors.Add($"{name}: a path holds no zero byte; {otherwise}");
        return text.Length == 0 || text.Contains('\0') ? "" : Path.GetFullPath(text);
    }

    private long? OptionalSize(string name, long min, long max)
    {
        if (Single(name) is not { } value) return null;
        if (!Units.TryParseSize(value.Text, out long bytes)) _errors.Add($"{value.WrittenAt}: '{value.Text}' is not a size; write it like 64MiB or 20GiB");
        else if (bytes < min || bytes > max) _errors.Add($"{value.WrittenAt}: {value.Text} is out of range; at least {Units.FormatSize(min)}{(max < long.MaxValue ? $", at most {Units.FormatSize(max)}" : "")}");
        else return bytes;
        return null;
    }

    private TimeSpan Time(string name, TimeSpan otherwise, TimeSpan min, TimeSpan max)
    {
        if (Single(name) is not { } value) return otherwise;
        if (!Units.TryParseTime(value.Text, out TimeSpan time)) _errors.Add($"{value.WrittenAt}: '{value.Text}' is not a time; write it like 30s or 5m");
        else if (time < min || time > max) _errors.Add($"{value.WrittenAt}: {value.Text} is out of range; from {Units.FormatTime(min)} to {Units.FormatTime(max)}");
        else return time;
        return otherwise;
    }

    /// <summary>The same, or 0.</summary>
    private TimeSpan TimeOrNone(string name, TimeSpan otherwise, TimeSpan min, TimeSpan max) =>
        Single(name) is { Text: "0" or "0s" } ? TimeSpan.Zero : Time(name, otherwise, min, max);

    private bool Switch(string name, bool otherwise = false)
    {
        if (Single(name) is not { } value) return otherwise;
        switch (value.Text)
        {
            case "on" or "true" or "1": return true;
            case "off" or "false" or "0": return false;
            default:
                _errors.Add($"{value.WrittenAt}: '{value.Text}' is neither on nor off");
                return otherwise;
        }
    }

    private List<string> Mirrors()
    {
        List<string> mirrors = [];
        foreach (SettingValue value in layers["mirror"])
        {
            try
            {
                _ = MirrorUrl.Parse(value.Text);
                mirrors.Add(value.Text);
            }
            catch (UserError error)
            {
                _errors.Add($"{value.WrittenAt}: {error.Message}");
            }
        }

        return mirrors;
    }
}
