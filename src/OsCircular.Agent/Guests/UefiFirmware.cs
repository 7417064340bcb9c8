using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OsCircular.Agent.Guests;

/// <summary>UEFI for a guest: its code, and empty variables to begin with.</summary>
/// <param name="Code">A raw flash image, only read.</param>
/// <param name="Variables">A raw flash image, only read: a guest's changes are forgotten.</param>
internal sealed record UefiFirmware(string Code, string Variables)
{
    private const int MaxDescription = 64 * 1024;

    // In the order that QEMU's docs/interop/firmware.json gives; a file of one name stands before those of the later folders.
    private static IEnumerable<string> Folders => ["/etc/qemu/firmware", "/usr/local/share/qemu/firmware", "/usr/share/qemu/firmware"];

    /// <summary>What this host has, as its firmware packages describe it to QEMU and libvirt; null: none.</summary>
    public static UefiFirmware? Find(Architecture architecture) => Choose(
        Folders.Where(Directory.Exists).SelectMany(folder => Directory.EnumerateFiles(folder, "*.json")).DistinctBy(Path.GetFileName)
            .OrderBy(Path.GetFileName, StringComparer.Ordinal).Where(file => new FileInfo(file).Length <= MaxDescription).Select(File.ReadAllText),
        architecture);

    /// <summary>The first that needs neither Secure Boot nor a special machine.</summary>
    /// <param name="descriptions">Documents in the format of QEMU's docs/interop/firmware.json, the preferred first; those in no such format are passed over.</param>
    /// <param name="architecture">The guest's.</param>
    public static UefiFirmware? Choose(IEnumerable<string> descriptions, Architecture architecture)
    {
        string wanted = architecture == Architecture.Arm64 ? "aarch64" : "x86_64";
        string machine = architecture == Architecture.Arm64 ? "virt-*" : "pc-q35-*";
        foreach (string text in descriptions)
        {
            if (Parse(text) is not { Mapping: { Device: "flash" } mapping } found) continue;
            if (mapping is not { Executable: { Format: "raw", Filename: { } code }, NvramTemplate: { Format: "raw", Filename: { } variables } }) continue;
            if (found.Features?.Any(feature => feature is "requires-smm" or "secure-boot") == true || found.InterfaceTypes?.Contains("uefi") != true) continue;
            if (found.Targets?.Any(target => target.Architecture == wanted && target.Machines?.Contains(machine) == true) == true) return new UefiFirmware(code, variables);
        }

        return null;
    }

    private static Description? Parse(string text)
    {
        try
        {
            return JsonSerializer.Deserialize<Description>(text, JsonSerializerOptions.Web);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private sealed record Description([property: JsonPropertyName("interface-types")] string[]? InterfaceTypes, Mapping? Mapping, Target[]? Targets, string[]? Features);

    private sealed record Mapping(string? Device, Flash? Executable, [property: JsonPropertyName("nvram-template")] Flash? NvramTemplate);

    private sealed record Flash(string? Filename, string? Format);

    private sealed record Target(string? Architecture, string[]? Machines);
}
