using System.Collections;
using System.Text.Json;
using OsCircular.Blocks;

namespace OsCircular.Agent.Configuration;

/// <summary>One value of a setting and where it was written, for messages: <c>--quota</c>, <c>OSCIRCULAR_QUOTA</c>, <c>agent.json: quota</c>.</summary>
public readonly record struct SettingValue(string Text, string WrittenAt);

/// <summary>
/// Settings by option name without its dashes, from the command line, the environment and the configuration file; the first layer that names
/// a setting gives all its values. Environment: <c>OSCIRCULAR_READ_TIMEOUT</c>; several values separated by blanks.
/// File: a JSON object with the option names as keys, strings, numbers, booleans or arrays of them as values; comments are allowed.
/// </summary>
public sealed class SettingLayers
{
    public const string EnvironmentPrefix = "OSCIRCULAR_";
    private const int MaxFileLength = 1024 * 1024;

    // Read by other code, and not settings of the agent.
    private static readonly string[] OtherVariables = ["OSCIRCULAR_KEY_PASSWORD"];

    private readonly Dictionary<string, IReadOnlyList<SettingValue>> _values = new(StringComparer.Ordinal);

    /// <summary>Everything that was wrong so far; one line each.</summary>
    public List<string> Errors { get; } = [];

    public IReadOnlyList<SettingValue> this[string name] => _values.GetValueOrDefault(name, []);

    /// <summary>Adds what the command line names; call this layer first.</summary>
    public void AddOption(string name, IReadOnlyList<string> values) =>
        AddUnlessSet(name, values.Select(value => new SettingValue(value, $"--{name}")).ToList());

    /// <summary>Adds the environment's layer; a variable with our prefix that names no setting is an error, for it is a slip.</summary>
    public void AddEnvironment(IDictionary variables, IReadOnlyDictionary<string, bool> repeatable)
    {
        foreach (DictionaryEntry variable in variables)
        {
            if (variable is not { Key: string key, Value: string value } || !key.StartsWith(EnvironmentPrefix, StringComparison.Ordinal)) continue;
            if (OtherVariables.Contains(key)) continue;
            string name = key[EnvironmentPrefix.Length..].ToLowerInvariant().Replace('_', '-');
            if (!repeatable.TryGetValue(name, out bool many))
            {
                Errors.Add($"{key}: there is no setting of that name; unset it, or see 'oscircular mount --help' for the names");
                continue;
            }

            string[] texts = many ? value.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) : [value];
            AddUnlessSet(name, texts.Select(text => new SettingValue(text, key)).ToList());
        }
    }

    /// <summary>Adds the file's layer.</summary>
    /// <exception cref="UserError">The file cannot be read, or is no JSON object.</exception>
    public void AddFile(string path, IReadOnlyDictionary<string, bool> repeatable)
    {
        using JsonDocument document = Parse(path);
        try
        {
            AddObject(path, document.RootElement, repeatable);
        }
        catch (InvalidOperationException error)
        {
            // Half a surrogate pair, written as an escape, is valid JSON and no text.
            throw new UserError($"{path}: holds an escape that stands for no character; mend it and start again", error);
        }
    }

    private void AddObject(string path, JsonElement settings, IReadOnlyDictionary<string, bool> repeatable)
    {
        string file = Path.GetFileName(path);
        foreach (JsonProperty property in settings.EnumerateObject())
        {
            if (!repeatable.TryGetValue(property.Name, out bool many))
            {
                Errors.Add($"{path}: '{property.Name}' is not a setting; remove it, or see 'oscircular mount --help' for the names");
                continue;
            }

            IEnumerable<JsonElement> elements = property.Value.ValueKind == JsonValueKind.Array ? property.Value.EnumerateArray() : [property.Value];
            List<SettingValue> values = [];
            foreach (JsonElement element in elements)
            {
                if (TextOf(element) is { } text) values.Add(new SettingValue(text, $"{file}: {property.Name}"));
                else Errors.Add($"{path}: '{property.Name}' is a {element.ValueKind}; write a string, a number, true, false or a list of them");
            }

            if (values.Count > 1 && !many) Errors.Add($"{path}: '{property.Name}' takes one value; {values.Count} are given");
            AddUnlessSet(property.Name, values);
        }
    }

    private void AddUnlessSet(string name, IReadOnlyList<SettingValue> values)
    {
        if (values.Count > 0) _values.TryAdd(name, values);
    }

    private static string? TextOf(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => element.GetString(),
        JsonValueKind.Number => element.GetRawText(),
        JsonValueKind.True => "on",
        JsonValueKind.False => "off",
        _ => null,
    };

    private static JsonDocument Parse(string path)
    {
        try
        {
            if (new FileInfo(path).Length > MaxFileLength) throw new UserError($"{path}: longer than 1 MiB, so it is no configuration file; name another with --config");
            using FileStream file = File.OpenRead(path);
            JsonDocument document = JsonDocument.Parse(file, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, MaxDepth = 4 });
            if (document.RootElement.ValueKind == JsonValueKind.Object) return document;
            document.Dispose();
            throw new UserError($"{path}: not a JSON object; write {{ \"cache\": \"/var/cache/oscircular\", ... }}");
        }
        catch (JsonException error)
        {
            throw new UserError($"{path}: line {error.LineNumber + 1}: not valid JSON; mend it and start again", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new UserError($"{path}: cannot read the configuration file: {error.Message}", error);
        }
    }
}
