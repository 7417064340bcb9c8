using OsCircular.Agent.Serving;
using OsCircular.Blocks;
using OsCircular.Peers.Access;
using OsCircular.Peers.Discovery;

namespace OsCircular.Agent.Configuration;

/// <summary>Reads what is set of peers, adding what is wrong to the errors of all settings.</summary>
internal sealed class PeerSettingsReader(SettingLayers layers, List<string> errors)
{
    private static readonly string[] OnlyWithPeers = ["peer", "tracker", "interface", "listen", "group", "group-key", "upload-rate", "peer-rate"];

    /// <param name="on">Whether peers are switched on.</param>
    /// <returns>Null where they are off.</returns>
    public PeerSettings? Read(bool on)
    {
        if (!on)
        {
            foreach (string name in OnlyWithPeers)
                if (layers[name] is [SettingValue value, ..]) errors.Add($"{value.WrittenAt}: has no meaning while peers are off; leave it out, or set peers on");
            return null;
        }

        GroupKey? key = Single("group-key", text => GroupKey.Read(text));
        IReadOnlyList<TrackerUrl> trackers = Many("tracker", TrackerUrl.Parse);
        if (trackers.Count > 0 && key is null && layers["group-key"].Count == 0)
            errors.Add($"{layers["tracker"][0].WrittenAt}: a tracker names hosts of any network, so it needs a group key; give one with --group-key FILE");
        return new PeerSettings
        {
            Group = Single("group", text => new PeerGroup(text, key)) ?? new PeerGroup(PeerSettings.DefaultGroup, key),
            Listen = Single("listen", text => ListenAddress.Parse(text)),
            Addresses = Many("peer", PeerAddressText.Parse),
            Trackers = trackers,
            Interfaces = [.. layers["interface"].Select(value => value.Text)],
            UploadRate = new RateReader(layers, errors).Read("upload-rate"),
            PeerRate = new RateReader(layers, errors).Read("peer-rate"),
        };
    }

    private T? Single<T>(string name, Func<string, T> parse) where T : class => Many(name, parse) is [T value, ..] ? value : null;

    private List<T> Many<T>(string name, Func<string, T> parse)
    {
        List<T> parsed = [];
        foreach (SettingValue value in layers[name])
        {
            try
            {
                parsed.Add(parse(value.Text));
            }
            catch (UserError error)
            {
                errors.Add($"{value.WrittenAt}: {error.Message}");
            }
        }

        return parsed;
    }
}
