using System.Diagnostics.Metrics;

namespace OsCircular.Agent.Serving;

/// <summary>The listener's counters, looked at when somebody collects them: answering costs nothing for it.</summary>
public static class PeerServerMetrics
{
    /// <summary>Makes the listener's counters visible.</summary>
    public static void Publish(this PeerServer server, IMeterFactory meters)
    {
        Meter meter = meters.Create("OsCircular");
        meter.CreateObservableCounter("oscircular.peer_server.bytes", () => server.Status().BytesOut, "By", "Bytes sent to peers");
        meter.CreateObservableCounter("oscircular.peer_server.requests", () => Each(server.Status().Answers, "answer"), "{request}", "Requests of peers, by answer");
        meter.CreateObservableCounter("oscircular.peer_server.refusals", () => Each(server.Status().Refusals, "reason"), "{request}", "Requests refused, by reason");
        meter.CreateObservableUpDownCounter("oscircular.peer_server.connections", () => server.Status().Connections, "{connection}", "Connections of peers");
        meter.CreateObservableUpDownCounter("oscircular.peer_server.uploads", () => server.Status().Uploads, "{upload}", "Uploads running");
        meter.CreateObservableUpDownCounter("oscircular.peer_server.fetches", () => server.Status().Fetches, "{fetch}", "Fetches running on behalf of peers");
    }

    private static IEnumerable<Measurement<long>> Each<T>(IReadOnlyDictionary<T, long> values, string tag) where T : struct, Enum =>
        values.Select(value => new Measurement<long>(value.Value, new KeyValuePair<string, object?>(tag, value.Key.ToString())));
}
