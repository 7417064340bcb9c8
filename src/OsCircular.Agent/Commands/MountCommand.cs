using System.CommandLine;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Logging;
using OsCircular.Agent.Configuration;
using OsCircular.Agent.Hosting;
using OsCircular.Agent.Output;

namespace OsCircular.Agent.Commands;

/// <summary><c>mount</c>: runs the agent in the foreground until it is unmounted or told to stop.</summary>
internal static class MountCommand
{
    public const string Name = "mount";

    public static Command Create()
    {
        Argument<string?> mountPoint = new("DIR") { Description = "An empty directory to mount on.", Arity = ArgumentArity.ZeroOrOne };
        Option[] settings =
        [
            Setting("public-key", "FILE|KEY", "The publisher's public key: a file, or the key itself."),
            Setting("cache", "DIR", "The cache's directory; made if it is not there."),
            Many("mirror", "URL", "A mirror of the repository; repeat for several. None with peers that have the image, or where a head was adopted before."),
            Setting("quota", "SIZE", "Disk space the cache may take. Default: 90 % of its file system."),
            Setting("memory", "SIZE", "Memory for decoded blocks. Default: 48MiB."),
            Setting("scrub-rate", "SIZE", "Bytes a second at which the cache is looked through for damage, once a week; less while it is read. Default: 4MiB; 0: never."),
            Setting("refresh", "TIME", "How often to look for a newer head. Default: 60s."),
            Setting("read-timeout", "TIME", "When a read fails that nothing can answer. Default: 60s."),
            Setting("start-timeout", "TIME", "How long the first start looks for a head. Default: 30s."),
            Setting("takeover-time", "TIME", "How long the mount is kept for the next agent when this one is killed or ended; 0: not at all. Default: 30s."),
            Setting("peers", "on|off", "Whether to take blocks from hosts on the LAN, and give them. Default: on."),
            Many("peer", "HOST[:PORT]", "A peer to greet; repeat for several. Those on the same network are found without."),
            Many("tracker", "URL", "A BitTorrent tracker to find peers by across networks; needs --group-key."),
            Many("interface", "IF", "A network interface that peers may be on; repeat for several. Default: all that lead to a LAN."),
            Setting("listen", "ADDR:PORT", "Where peers ask this agent. Default: port 7117 on every address, or a free one."),
            Setting("group", "NAME", "The group of hosts that are peers. Default: default."),
            Setting("group-key", "FILE", "A secret that the group's hosts share; without it only hosts of the same network are peers."),
            Many("mirror-rate", "[HOURS=]SIZE", "Bytes a second taken from all mirrors together; repeat with hours of the day, like 08:00-18:00=5MiB. Default: no limit."),
            Many("peer-rate", "[HOURS=]SIZE", "The same, taken from all peers together."),
            Many("upload-rate", "[HOURS=]SIZE", "The same, given to all peers together."),
            Many("fill-rate", "[HOURS=]SIZE", "The same, for filling the cache from wherever; 0: nothing in those hours."),
            new Option<bool>("--fill-after-boot") { Description = "When a guest has booted by its version's profile, fill the cache with the rest of that version." },
            new Option<bool>("--allow-other") { Description = "Let other users read, where an ordinary user mounts." },
        ];
        Option<string?> config = new("--config") { Description = "A JSON file with any of these settings; options and OSCIRCULAR_* variables go before it.", HelpName = "FILE" };
        Option<LogLevel?> logLevel = new("--log-level") { Description = "Debug, Information, Warning or Error, from the start on. Default: Information, once it is mounted." };
        Command command = new(Name, "Mount every version of every image as a read-only disk file.") { mountPoint, config, logLevel };
        foreach (Option setting in settings) command.Add(setting);
        command.SetAction((parsed, _) => RunAsync(Read(parsed, mountPoint, settings, parsed.GetValue(config)), parsed.GetValue(logLevel)));
        return command;
    }

    private static AgentOptions Read(ParseResult parsed, Argument<string?> mountPoint, Option[] settings, string? config)
    {
        SettingLayers layers = new();
        if (parsed.GetValue(mountPoint) is { } directory) layers.AddOption("mount-point", [directory]);
        foreach (Option setting in settings)
        {
            if (parsed.GetResult(setting) is not { Implicit: false } given) continue;
            string[] values = given.Tokens.Count == 0 ? ["on"] : [.. given.Tokens.Select(token => token.Value)];
            layers.AddOption(setting.Name.TrimStart('-'), values);
        }

        layers.AddEnvironment(Environment.GetEnvironmentVariables(), AgentOptionsReader.Settings);
        if (config is not null) layers.AddFile(config, AgentOptionsReader.Settings);
        return new AgentOptionsReader(layers).Read();
    }

    private static async Task<int> RunAsync(AgentOptions options, LogLevel? level)
    {
        // A start that fails says why in one line, which has to be found.
        using AgentLogging logging = new(level ?? LogLevel.Critical);
        using MountLifetime lifetime = new(logging.Factory.CreateLogger<MountLifetime>());
        await using AgentHost agent = await AgentHost.StartAsync(options, logging.Factory, TimeProvider.System, lifetime.Starting);
        logging.Level = level ?? LogLevel.Information;
        agent.LogWhatIsMounted();
        Console.Out.WriteLine($"ready {options.MountPoint}");
        await Console.Out.FlushAsync();
        // Does nothing where it was not systemd (Type=notify) that started us.
        SystemdNotifier systemd = new();
        systemd.Notify(ServiceState.Ready);
        await lifetime.WaitAsync(agent.Mount, agent.Session, agent.TryLeave);
        systemd.Notify(ServiceState.Stopping);
        return 0;
    }

    private static Option<string[]> Many(string name, string value, string description) =>
        new($"--{name}") { Description = description, HelpName = value, Arity = ArgumentArity.OneOrMore };

    private static Option<string?> Setting(string name, string value, string description) => new($"--{name}") { Description = description, HelpName = value };
}
