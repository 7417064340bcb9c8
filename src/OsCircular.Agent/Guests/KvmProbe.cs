using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using OsCircular.Agent.Doctor;
using OsCircular.Agent.Output;

namespace OsCircular.Agent.Guests;

/// <summary>What came of the look whether KVM works.</summary>
/// <param name="Works">Whether a guest ran under it.</param>
/// <param name="Reason">Why not; empty where it works.</param>
internal sealed record KvmAnswer(bool Works, string Reason);

/// <summary>
/// Finds out whether KVM works here by letting it run a guest of 300 bytes, for its device may be there and guests hang under it all the same (a nested
/// hypervisor). That guest goes where real ones do: protected mode, paging, 64 bits, and an interrupt of the timer that ends its wait.
/// </summary>
/// <param name="program">The QEMU to run.</param>
/// <param name="limit">How long the guest may take; it takes a tenth of a second.</param>
internal sealed class KvmProbe(string program, TimeSpan limit)
{
    private const int RomSize = 64 * 1024;
    private const int ResetVector = RomSize - 16;
    private const byte Halt = 0xF4;

    /// <summary>
    /// The code for x86-64, from KvmProbe.S beside this file: <c>as --64 KvmProbe.S -o probe.o; objcopy -O binary -j .text probe.o probe; base64 -w0 probe</c>.
    /// </summary>
    private const string Code =
        "+i5mDwEWCgEPIMAMAQ8iwGbqGAAPAAgAuBAAAACO2I7AjtC8AHAAAMcF8ADg/v8BAADHBVAD4P4ABwAAvwAQAAAxwLkAFAAA86vHBQAQAAADIAAAxwUAIAAAAzAAAMcFADAAAIMAAAAPIOCDyCAPIuC4ABAAAA8i"
        + "2LmAAADADzINAAEAAA8wDyDADQAAAIAPIsDqmQAPABgAZscEJQBSAADkAGbHBCUCUgAAGADHBCUEUgAAAI4PALsQAQ8ADwEbsBHmILAg5iGwBOYhsAHmIbD+5iGwMOZDsKnmQLAE5kD79Ov9sBDm9Ov3AAAAAAAA"
        + "AAD//wAAAJrPAP//AAAAks8A//8AAACarwAfAOoADwD/DwBQAAAAAAAA";

    /// <summary>The code for arm64: movz w0, 8; movk w0, 0x8400, lsl 16; hvc 0; b . It asks to be turned off (PSCI SYSTEM_OFF).</summary>
    private static readonly uint[] ArmCode = [0x52800100, 0x72B08000, 0xD4000002, 0x14000000];

    private static bool IsArm => RuntimeInformation.OSArchitecture == Architecture.Arm64;

    /// <summary>What a look found, from the last one under this boot and this QEMU where there was one.</summary>
    /// <param name="memory">Where the answer is kept; null: nowhere.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<KvmAnswer> AskAsync(string? memory, CancellationToken cancellationToken)
    {
        if (!File.Exists("/dev/kvm")) return new KvmAnswer(false, "/dev/kvm is missing");
        if (!Host.CanOpen("/dev/kvm")) return new KvmAnswer(false, "/dev/kvm may not be opened by this user; add it to the group kvm");
        string asked = $"{await File.ReadAllTextAsync("/proc/sys/kernel/random/boot_id", cancellationToken)}{program} {File.GetLastWriteTimeUtc(program):O}";
        if (memory is not null && Remembered(memory) is { } kept && kept.Asked == asked) return kept.Answer;
        string fault = await RunAsync("kvm", "host", cancellationToken);
        KvmAnswer answer = new(fault.Length == 0, fault);
        if (memory is not null) Remember(memory, new Memory(asked, answer));
        return answer;
    }

    /// <summary>Runs the guest.</summary>
    /// <param name="accelerator">QEMU's name for it.</param>
    /// <param name="processor">QEMU's name for it.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Why it did not run to its end; empty where it did.</returns>
    public async Task<string> RunAsync(string accelerator, string processor, CancellationToken cancellationToken)
    {
        string rom = Path.GetTempFileName();
        try
        {
            await File.WriteAllBytesAsync(rom, Rom(), cancellationToken);
            string[] machine = IsArm ? ["-machine", "virt"] : ["-machine", "pc", "-device", "isa-debug-exit,iobase=0xf4,iosize=1"];
            string[] arguments = ["-accel", accelerator, "-cpu", processor, "-m", "16", "-nodefaults", "-no-user-config", "-display", "none", "-bios", rom, .. machine];
            using Process qemu = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
            using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            end.CancelAfter(limit);
            try
            {
                string errors = await qemu.StandardError.ReadToEndAsync(end.Token);
                await qemu.WaitForExitAsync(end.Token);
                // On x86-64 twice what the guest writes to the debug exit port, plus one.
                return qemu.ExitCode == (IsArm ? 0 : 0x10 * 2 + 1) ? "" : $"QEMU ended with {qemu.ExitCode}: {errors.Trim().Split('\n')[0]}";
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                return "a guest hangs under it";
            }
            finally
            {
                if (!qemu.HasExited) qemu.Kill();
            }
        }
        catch (Win32Exception cause)
        {
            return $"{program} does not start ({cause.Message})";
        }
        finally
        {
            File.Delete(rom);
        }
    }

    private static byte[] Rom()
    {
        byte[] rom = new byte[RomSize];
        if (IsArm)
        {
            MemoryMarshal.AsBytes(ArmCode.AsSpan()).CopyTo(rom);
            return rom;
        }

        Array.Fill(rom, Halt);
        Convert.FromBase64String(Code).CopyTo(rom, 0);
        // A processor begins here: jump to the code at the ROM's start.
        const int Distance = -(ResetVector + 3);
        byte[] jump = [0xE9, unchecked((byte)Distance), unchecked((byte)(Distance >> 8))];
        jump.CopyTo(rom, ResetVector);
        return rom;
    }

    private static Memory? Remembered(string path)
    {
        try
        {
            return Json.Read<Memory>(File.ReadAllText(path));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or System.Text.Json.JsonException)
        {
            return null;
        }
    }

    // Where it cannot be kept, the next one looks again.
    private static void Remember(string path, Memory memory)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, Json.Write(memory));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
        }
    }

    private sealed record Memory(string Asked, KvmAnswer Answer);
}
