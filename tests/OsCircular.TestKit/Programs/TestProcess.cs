using System.Diagnostics;
using System.Runtime.InteropServices;
using Xunit;

namespace OsCircular.TestKit.Programs;

/// <summary>A program that a test started: its output is kept, every wait has an end, and disposing kills what still runs.</summary>
public sealed class TestProcess : IAsyncDisposable
{
    public const int Interrupt = 2;
    public const int Terminate = 15;

    private readonly Process _process;
    private readonly OutputLines _output = new();
    private readonly OutputLines _errors = new();
    private readonly Task _reading;

    private TestProcess(Process process, string command)
    {
        _process = process;
        Command = command;
        _reading = Task.WhenAll(_output.FillAsync(process.StandardOutput), _errors.FillAsync(process.StandardError));
    }

    public string Command { get; }
    public int Id => _process.Id;
    public bool HasExited => _process.HasExited;
    public string Output => _output.Text;
    public string Errors => _errors.Text;

    /// <param name="file">A path, or a name to look up in PATH.</param>
    /// <param name="arguments">Passed as they are, without a shell.</param>
    /// <param name="environment">Set in addition to this process's own; null removes a variable.</param>
    /// <param name="input">Written to its standard input, which is then closed; null: it stays open for <see cref="Type"/>.</param>
    public static TestProcess Start(string file, IEnumerable<string> arguments, IReadOnlyDictionary<string, string?>? environment = null, string? input = "")
    {
        var start = new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach ((string name, string? value) in environment ?? new Dictionary<string, string?>()) start.Environment[name] = value;
        Process process = Process.Start(start) ?? throw new InvalidOperationException($"{file} did not start.");
        var started = new TestProcess(process, $"{file} {string.Join(' ', start.ArgumentList)}");
        if (input is null) return started;
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        return started;
    }

    /// <summary>Runs a program on a terminal of its own, 100 columns wide, whose keys are what is typed, and whose screen is the output.</summary>
    public static TestProcess StartOnTerminal(string file, IEnumerable<string> arguments, IReadOnlyDictionary<string, string?> environment)
    {
        string command = string.Join(' ', arguments.Prepend(file).Select(word => $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'"));
        var all = new Dictionary<string, string?>(environment) { ["TERM"] = "xterm", ["SHELL"] = "/bin/sh" };
        return Start("script", ["--quiet", "--return", "--command", $"stty rows 40 cols 100; exec {command}", "/dev/null"], all, input: null);
    }

    /// <summary>Types on the terminal or into the standard input that was left open.</summary>
    public void Type(string keys)
    {
        _process.StandardInput.Write(keys);
        _process.StandardInput.Flush();
    }

    /// <summary>Runs a program to its end; throws where that takes longer than <paramref name="limit"/>.</summary>
    public static async Task<ProcessResult> RunAsync(string file, IEnumerable<string> arguments, TimeSpan limit, IReadOnlyDictionary<string, string?>? environment = null, string input = "")
    {
        await using TestProcess process = Start(file, arguments, environment, input);
        return await process.WaitForExitAsync(limit);
    }

    /// <summary>Runs a shell command that must succeed within a minute, and returns its standard output.</summary>
    public static async Task<string> ShellAsync(string command, params string[] arguments) =>
        (await RunAsync("bash", ["-euo", "pipefail", "-c", command, "bash", .. arguments], TimeSpan.FromMinutes(1))).MustSucceed().Output;

    /// <summary>The first line on standard output that holds <paramref name="text"/>.</summary>
    public Task<string> WaitForOutputAsync(string text, TimeSpan limit) => WaitForAsync(_output, text, limit);

    /// <summary>The first line on standard error that holds <paramref name="text"/>.</summary>
    public Task<string> WaitForErrorAsync(string text, TimeSpan limit) => WaitForAsync(_errors, text, limit);

    public async Task<ProcessResult> WaitForExitAsync(TimeSpan limit)
    {
        using CancellationTokenSource end = EndAfter(limit);
        try
        {
            await _process.WaitForExitAsync(end.Token);
            await _reading.WaitAsync(end.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"Not ended after {limit.TotalSeconds} s.\n{Said()}");
        }

        return new ProcessResult(Command, _process.ExitCode, Output, Errors);
    }

    public void Signal(int signal)
    {
        if (!HasExited && kill(Id, signal) != 0) throw new InvalidOperationException($"kill: error {Marshal.GetLastPInvokeError()}");
    }

    /// <summary>SIGKILL: the program gets no chance to clean up.</summary>
    public void Kill() => _process.Kill();

    public string Said() => $"$ {Command}\n{Output}{Errors}";

    public async ValueTask DisposeAsync()
    {
        if (!HasExited) _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private async Task<string> WaitForAsync(OutputLines lines, string text, TimeSpan limit)
    {
        using CancellationTokenSource end = EndAfter(limit);
        try
        {
            return await lines.FindAsync(text, end.Token) ?? throw new InvalidOperationException($"Ended without '{text}'.\n{Said()}");
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"No '{text}' within {limit.TotalSeconds} s.\n{Said()}");
        }
    }

    // A test whose own time is over stops waiting too.
    private static CancellationTokenSource EndAfter(TimeSpan limit)
    {
        var end = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        end.CancelAfter(limit);
        return end;
    }

    [DllImport("libc", SetLastError = true)]
    private static extern int kill(int pid, int signal);
}
