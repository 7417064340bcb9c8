using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OsCircular.Agent.Output;

/// <summary>How everything that <c>--json</c> prints is written: camel case, indented, enums as words, times in seconds where a name says so.</summary>
public static class Json
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        // Not for web pages: a reader's eye minds \u003E more than a browser would.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower) },
    };

    public static string Write<T>(T value) => JsonSerializer.Serialize(value, Options);

    /// <summary>Values one after the other, each as soon as it has come.</summary>
    public static IAsyncEnumerable<T?> ReadAllAsync<T>(Stream stream, CancellationToken cancellationToken) =>
        JsonSerializer.DeserializeAsyncEnumerable<T>(stream, topLevelValues: true, Options, cancellationToken);

    public static T? Read<T>(string text) => JsonSerializer.Deserialize<T>(text, Options);
}
