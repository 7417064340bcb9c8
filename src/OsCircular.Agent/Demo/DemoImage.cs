using System.Diagnostics;
using System.Formats.Tar;
using System.Runtime.InteropServices;
using OsCircular.Agent.Doctor;
using OsCircular.Blocks;

namespace OsCircular.Agent.Demo;

/// <summary>
/// A real disk image of real files that every machine able to run this has: the .NET runtime's own. An ext4 file system where mke2fs and
/// debugfs are installed, a squashfs where only mksquashfs is, else a tar archive, which is a disk too, if one without a file system.
/// </summary>
internal sealed class DemoImage(Host host, string folder)
{
    private const long Slack = 48L << 20;
    private static readonly TimeSpan ToolLimit = TimeSpan.FromMinutes(3);

    private static readonly string Files = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", ".."));

    public string FirstVersion { get; } = Path.Combine(folder, "version-1.raw");
    public string SecondVersion { get; } = Path.Combine(folder, "version-2.raw");

    /// <summary>Writes both versions: the second is the first after a small update.</summary>
    /// <returns>What kind of image it is, in words.</returns>
    public async Task<string> MakeAsync(CancellationToken cancellationToken)
    {
        string update = WriteUpdate();
        if (host.FindProgram("mke2fs") is { } mke2fs && host.FindProgram("debugfs") is { } debugfs)
        {
            await MakeExt4Async(mke2fs, debugfs, update, cancellationToken);
            return "ext4";
        }

        if (host.FindProgram("mksquashfs") is { } mksquashfs)
        {
            await RunAsync(mksquashfs, [Files, FirstVersion, "-quiet", "-no-progress", "-noappend", "-b", "256K"], cancellationToken);
            await RunAsync(mksquashfs, [Files, update, SecondVersion, "-quiet", "-no-progress", "-noappend", "-b", "256K"], cancellationToken);
            PadToSector(FirstVersion);
            PadToSector(SecondVersion);
            return "squashfs";
        }

        await TarFile.CreateFromDirectoryAsync(Files, FirstVersion, includeBaseDirectory: false, cancellationToken);
        File.Copy(FirstVersion, SecondVersion);
        await using (FileStream second = new(SecondVersion, FileMode.Append))
            await second.WriteAsync(await File.ReadAllBytesAsync(update, cancellationToken), cancellationToken);
        PadToSector(FirstVersion);
        PadToSector(SecondVersion);
        return "tar (no mkfs tool is installed)";
    }

    private async Task MakeExt4Async(string mke2fs, string debugfs, string update, CancellationToken cancellationToken)
    {
        long size = Directory.EnumerateFiles(Files, "*", SearchOption.AllDirectories).Sum(file => new FileInfo(file).Length) * 11 / 10 + Slack;
        await RunAsync(mke2fs, ["-q", "-t", "ext4", "-d", Files, FirstVersion, $"{size / 1024}k"], cancellationToken);
        await RunAsync("/bin/cp", ["--sparse=always", FirstVersion, SecondVersion], cancellationToken);
        await RunAsync(debugfs, ["-w", "-R", $"write {update} update.bin", SecondVersion], cancellationToken);
    }

    /// <summary>What the update installs: 3 MiB that no earlier version holds.</summary>
    private string WriteUpdate()
    {
        string path = Path.Combine(folder, "update.bin");
        byte[] bytes = new byte[3 << 20];
        for (int i = 0; i < bytes.Length; i++) bytes[i] = (byte)((i * 31) ^ (i >> 9) ^ (i >> 17));
        File.WriteAllBytes(path, bytes);
        return path;
    }

    private static void PadToSector(string path)
    {
        using FileStream file = new(path, FileMode.Open);
        file.SetLength((file.Length + BlockGeometry.SectorSize - 1) / BlockGeometry.SectorSize * BlockGeometry.SectorSize);
    }

    private static async Task RunAsync(string program, string[] arguments, CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(ToolLimit);
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true, RedirectStandardInput = true })!;
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync(limit.Token);
        string errors = await process.StandardError.ReadToEndAsync(limit.Token);
        await output;
        await process.WaitForExitAsync(limit.Token);
        if (process.ExitCode != 0) throw new UserError($"{program} failed with exit code {process.ExitCode}: {errors.Trim().ReplaceLineEndings(" ")}");
    }
}
