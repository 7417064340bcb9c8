using System.CommandLine;
using System.CommandLine.Parsing;
using OsCircular.Agent.Configuration;
using OsCircular.Agent.Guests;
using OsCircular.Blocks;

namespace OsCircular.Agent.Commands;

/// <summary>The options of all commands that start a guest.</summary>
internal sealed class GuestOptions
{
    private const long SmallestMemory = 16 << 20;
    private const long LargestMemory = 16L << 40;
    private const int MostProcessors = 1024;

    private readonly Option<string?> _accelerator = Word(
        "--accel", "Default: KVM where a guest really runs under it (tried once after each boot of the host), else emulation.", "auto", "kvm", "tcg");
    private readonly Option<long?> _memory = CommonOptions.Size("--memory", $"The guest's memory. Default: {GuestSpec.DefaultMemoryMiB}MiB.");
    private readonly Option<int?> _cpus = new("--cpus") { Description = "The guest's processors. Default: 2, or 1 where the host has one.", HelpName = "N" };
    private readonly Option<string?> _firmware = Word(
        "--firmware", "Default: BIOS; on arm64 UEFI. What a guest sets in UEFI is forgotten: it has to boot by the path for removable disks.", "bios", "uefi");
    private readonly Option<string?> _console = Word("--console", "The serial console here, or a window. Default: a window where there is a desktop.", "serial", "display");
    private readonly Option<PortForward[]> _forward = new("--forward")
    {
        Description = "Lead a port of this host (127.0.0.1 unless told otherwise) into the guest; repeat for several.",
        HelpName = "[ADDR:]PORT:GUESTPORT[/udp]",
        AllowMultipleArgumentsPerToken = false,
        CustomParser = result => [.. result.Tokens.Select(token => ForwardOf(token.Value, result)).OfType<PortForward>()],
    };

    private static bool HasDesktop => Environment.GetEnvironmentVariable("DISPLAY") is { Length: > 0 } || Environment.GetEnvironmentVariable("WAYLAND_DISPLAY") is { Length: > 0 };

    /// <summary>What QEMU is given as it is.</summary>
    public static Argument<string[]> Extra() => new("-- QEMU ARGS") { Description = "Further arguments for QEMU, after '--'.", Arity = ArgumentArity.ZeroOrMore };

    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_accelerator, _memory, _cpus, _firmware, _console, _forward]) command.Add(option);
        command.Validators.Add(result =>
        {
            if (result.GetValue(_memory) is { } bytes and (< SmallestMemory or > LargestMemory))
                result.AddError($"--memory: {Units.FormatSize(bytes)} is no guest's memory; give 16MiB or more");
            if (result.GetValue(_cpus) is < 1 or > MostProcessors) result.AddError($"--cpus: give 1 to {MostProcessors}");
        });
    }

    public GuestMachine Read(ParseResult parsed, IReadOnlyList<string> extra)
    {
        string? window = parsed.GetValue(_console);
        return new GuestMachine
        {
            Kvm = parsed.GetValue(_accelerator) switch { "kvm" => true, "tcg" => false, _ => null },
            Uefi = parsed.GetValue(_firmware) == "uefi",
            Apply = guest => guest with
            {
                MemoryMiB = (int)((parsed.GetValue(_memory) ?? (long)GuestSpec.DefaultMemoryMiB << 20) >> 20),
                Processors = parsed.GetValue(_cpus) ?? Math.Min(2, Environment.ProcessorCount),
                Display = window == "display" || window is null && HasDesktop,
                Forwards = parsed.GetValue(_forward) ?? [],
                Extra = extra,
            },
        };
    }

    /// <summary>What stands before <c>--</c> is the name, what follows is QEMU's.</summary>
    public static (string? Name, string[] Extra) SplitAtDashes(ParseResult parsed, Argument<string?> name, Argument<string[]> extra)
    {
        string[] rest = [.. parsed.Tokens.SkipWhile(token => token.Type != TokenType.DoubleDash).Skip(1).Select(token => token.Value)];
        string[] all = [.. parsed.GetResult(name)?.Tokens.Select(token => token.Value) ?? [], .. parsed.GetResult(extra)?.Tokens.Select(token => token.Value) ?? []];
        return (all.Length - rest.Length) switch
        {
            0 => (null, rest),
            1 => (all[0], rest),
            _ => throw new UserError($"'{all[1]}' is one argument too many; what is meant for QEMU stands after '--'", UserError.WrongUsage),
        };
    }

    /// <summary>An option that takes one of a few words.</summary>
    public static Option<string?> Word(string name, string description, params string[] words)
    {
        Option<string?> option = new(name) { Description = description, HelpName = string.Join('|', words) };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !words.Contains(token.Value)) result.AddError($"{name}: '{token.Value}' is none of {string.Join(", ", words)}");
        });
        return option;
    }

    private static PortForward? ForwardOf(string text, ArgumentResult result)
    {
        PortForward? forward = PortForward.TryParse(text);
        if (forward is null) result.AddError($"--forward: '{text}' leads nowhere; write it like 2222:22 or 0.0.0.0:8080:80");
        return forward;
    }
}
