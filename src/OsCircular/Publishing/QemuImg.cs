using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using OsCircular.Blocks;

namespace OsCircular.Publishing;

/// <summary>Runs <c>qemu-img</c>, which reads the formats that we do not.</summary>
internal sealed class QemuImg(TimeProvider time)
{
    private const string Program = "qemu-img";
    private const int MaxMessage = 2000;

    /// <exception cref="UserError">It is not there.</exception>
    public static void RequireInstalled(string image, string format)
    {
        string[] folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries);
        if (!folders.Any(folder => File.Exists(Path.Combine(folder, Program)))) throw Missing(image, format, null);
    }

    /// <summary>Converts to a sparse raw file.</summary>
    /// <param name="image">The image.</param>
    /// <param name="format">As <see cref="ForeignImage.Recognise"/> says: named, so that qemu-img does not guess again.</param>
    /// <param name="raw">The file to make.</param>
    /// <param name="progress">Told of the percentage as bytes of 10,000.</param>
    /// <param name="cancellationToken">Ends the program.</param>
    /// <exception cref="UserError">It fails; the message has its own words.</exception>
    public async Task ConvertAsync(string image, string format, string raw, IProgress<PublishProgress>? progress, CancellationToken cancellationToken)
    {
        long began = time.GetTimestamp();
        using Process process = Start(["convert", "-p", "-f", format, "-O", "raw", "--", Path.GetFullPath(image), Path.GetFullPath(raw)], image, format);
        try
        {
            Task<string> errors = ReadErrorsAsync(process.StandardError, cancellationToken);
            await ReportAsync(process.StandardOutput, progress, began, cancellationToken).ConfigureAwait(false);
            string message = await errors.ConfigureAwait(false);
            await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
            if (process.ExitCode != 0)
            {
                throw IsLock(message) ? InUse(image, message)
                    : new UserError($"{image}: {Program} cannot convert this {format} image ({message}); mend that, or convert it yourself and publish the raw file.");
            }
        }
        finally
        {
            if (!process.HasExited) process.Kill();
        }
    }

    /// <summary>Runs one of its commands on a qcow2 image, and reads what it prints.</summary>
    /// <param name="image">The image, for messages.</param>
    /// <param name="arguments">The command and all that follows.</param>
    /// <param name="limit">When it is ended.</param>
    /// <param name="read">Takes its standard output; what it throws counts only where the program succeeds.</param>
    /// <param name="cancellationToken">Ends the program.</param>
    /// <exception cref="UserError">It fails; the message has its own words.</exception>
    public async Task<T> RunAsync<T>(
        string image, IReadOnlyList<string> arguments, TimeSpan limit, Func<Stream, CancellationToken, Task<T>> read, CancellationToken cancellationToken)
    {
        using Process process = Start(arguments, image, "qcow2");
        using CancellationTokenSource timeout = new(limit, time);
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            Task<string> errors = ReadErrorsAsync(process.StandardError, end.Token);
            Task<T> result = ReadAllAsync(process.StandardOutput.BaseStream, read, end.Token);
            string message = await errors.ConfigureAwait(false);
            await process.WaitForExitAsync(end.Token).ConfigureAwait(false);
            if (process.ExitCode != 0) throw Failed(image, arguments[0], message);
            return await result.ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new UserError($"{image}: {Program} {arguments[0]} did not end within {limit.TotalSeconds:0} s; is the disk that it lies on gone?");
        }
        finally
        {
            if (!process.HasExited) process.Kill();
        }
    }

    // To the end even where the reader has given up, so that the program never blocks.
    private static async Task<T> ReadAllAsync<T>(Stream output, Func<Stream, CancellationToken, Task<T>> read, CancellationToken cancellationToken)
    {
        try
        {
            return await read(output, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await output.CopyToAsync(Stream.Null, cancellationToken).ConfigureAwait(false);
        }
    }

    private static UserError Failed(string image, string command, string message) =>
        IsLock(message) ? InUse(image, message) : new UserError($"{image}: {Program} {command} fails ({message}); mend that and try again.");

    private static bool IsLock(string message) => message.Contains("lock", StringComparison.Ordinal);

    private static UserError InUse(string image, string message) =>
        new($"{image}: in use, so that {Program} does not look at it ({message}); shut the guest that runs on it down first.");

    private static Process Start(IReadOnlyList<string> arguments, string image, string format)
    {
        try
        {
            return Process.Start(new ProcessStartInfo(Program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        }
        catch (Win32Exception cause)
        {
            throw Missing(image, format, cause);
        }
    }

    // It prints "    (12.34/100%)\r" over and over.
    private async Task ReportAsync(StreamReader output, IProgress<PublishProgress>? progress, long began, CancellationToken cancellationToken)
    {
        char[] buffer = new char[256];
        string line = "";
        for (int read; (read = await output.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0;)
        {
            line += new string(buffer, 0, read);
            int open = line.LastIndexOf('('), slash = line.LastIndexOf('/');
            if (slash > open && double.TryParse(line.AsSpan(open + 1, slash - open - 1), NumberStyles.Float, CultureInfo.InvariantCulture, out double percent))
                progress?.Report(new PublishProgress(PublishPhase.Converting, (long)(percent * 100), 10_000, 0, 0, time.GetElapsedTime(began)));
            line = line[Math.Max(0, line.Length - 32)..];
        }
    }

    /// <summary>Reads all, so that the program never blocks, and keeps the beginning, on one line.</summary>
    private static async Task<string> ReadErrorsAsync(StreamReader errors, CancellationToken cancellationToken)
    {
        string message = "";
        char[] buffer = new char[256];
        for (int read; (read = await errors.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0;)
        {
            if (message.Length < MaxMessage) message += new string(buffer, 0, read);
        }

        return message.Trim().ReplaceLineEndings("; ");
    }

    private static UserError Missing(string image, string format, Exception? cause)
    {
        string message = $"{image}: a {format} image is read with {Program}, which is not installed; install it (Debian: apt install qemu-utils) or convert the image to raw.";
        return cause is null ? new UserError(message) : new UserError(message, cause);
    }
}
