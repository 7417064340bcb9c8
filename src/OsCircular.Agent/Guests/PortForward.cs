using System.Globalization;
using System.Net;

namespace OsCircular.Agent.Guests;

/// <summary>A port of the host that leads into the guest: <c>[ADDR:]PORT:GUESTPORT[/udp]</c>.</summary>
/// <param name="Address">Where the host listens.</param>
/// <param name="HostPort">1 to 65535.</param>
/// <param name="GuestPort">1 to 65535.</param>
/// <param name="Udp">Else TCP.</param>
internal sealed record PortForward(IPAddress Address, int HostPort, int GuestPort, bool Udp)
{
    public string Protocol => Udp ? "udp" : "tcp";

    /// <returns>Null where the text is none.</returns>
    public static PortForward? TryParse(string text)
    {
        bool udp = text.EndsWith("/udp", StringComparison.Ordinal);
        string[] parts = (udp ? text[..^4] : text).Split(':');
        IPAddress? address = IPAddress.Loopback;
        return parts.Length is 2 or 3 && (parts.Length == 2 || IPAddress.TryParse(parts[0], out address)) && PortOf(parts[^2]) is { } host && PortOf(parts[^1]) is { } guest
            ? new PortForward(address, host, guest, udp)
            : null;
    }

    private static int? PortOf(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int port) && port is > 0 and <= IPEndPoint.MaxPort ? port : null;
}
