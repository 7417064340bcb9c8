using OsCircular.Blocks;

namespace OsCircular.Agent.Guests;

/// <summary>A guest as a configuration of an HVM domain for Xen's <c>xl</c>.</summary>
internal static class XenDomain
{
    /// <summary>The file's text, for <c>xl create</c>.</summary>
    /// <exception cref="UserError">Xen cannot have it so.</exception>
    public static string ConfigurationOf(GuestSpec guest)
    {
        if (guest.Overlay is not { } overlay) throw new UserError("xl has no disks whose changes are thrown away: give --overlay FILE, and remove it afterwards", UserError.WrongUsage);
        if (guest.Forwards.Count > 0) throw new UserError("xl forwards no ports: leave --forward out, and reach the guest through its bridge", UserError.WrongUsage);
        string[] lines =
        [
            $"name = {Text(guest.Name)}",
            "type = \"hvm\"",
            $"memory = {guest.MemoryMiB}",
            $"vcpus = {guest.Processors}",
            $"bios = \"{(guest.Uefi is null ? "seabios" : "ovmf")}\"",
            "boot = \"c\"",
            "serial = \"pty\"",
            .. guest.Display ? (string[])["vnc = 1", "vga = \"stdvga\"", "usbdevice = [ \"tablet\" ]"] : ["vnc = 0"],
            // The target comes last: it takes all that follows, commas too.
            $"disk = [ {Text($"format=qcow2, vdev=xvda, access=rw, discard, target={overlay}")} ]",
            "vif = [ \"model=virtio-net\" ]",
            .. guest.Extra.Count == 0 ? (string[])[] : [$"device_model_args_hvm = [ {string.Join(", ", guest.Extra.Select(Text))} ]"],
        ];
        return string.Join('\n', lines);
    }

    // xl knows strings in either quotes, and no way to write both in one.
    private static string Text(string text)
    {
        char quote = text.Contains('"', StringComparison.Ordinal) ? '\'' : '"';
        if (text.Contains('\n', StringComparison.Ordinal) || text.Contains('\\', StringComparison.Ordinal) || text.Contains(quote, StringComparison.Ordinal))
            throw new UserError($"xl has no way to write {text}: it holds a line's end, a backslash, or both kinds of quotes", UserError.WrongUsage);
        return quote + text + quote;
    }
}
