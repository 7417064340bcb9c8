using OsCircular.Agent.Guests;
using OsCircular.Blocks;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace OsCircular.Agent.Commands;

/// <summary>Asks on the terminal for one of several versions: the arrow keys move, Enter takes one, q and Escape leave.</summary>
internal static class VersionMenu
{
    /// <exception cref="UserError">The user left, with a key. So does Ctrl-C while a key is waited for; before that it is a signal.</exception>
    public static async Task<OfferedVersion> AskAsync(IReadOnlyList<OfferedVersion> all, CancellationToken cancellationToken)
    {
        KeyedConsole console = new(AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) }));
        SelectionPrompt<OfferedVersion> menu = new SelectionPrompt<OfferedVersion>()
            .Title("Which version? [grey](arrow keys and Enter; q leaves)[/]").MoreChoicesText("[grey](more below)[/]")
            .UseConverter(one => Markup.Escape(LineOf(one, all.Max(other => $"{other.Reference}".Length))))
            .AddChoices(all);
        menu.CancelResult = () => throw new OperationCanceledException();
        try
        {
            return await menu.ShowAsync(console, cancellationToken);
        }
        catch (OperationCanceledException left)
        {
            throw new UserError("no version was chosen, and nothing was started", left);
        }
    }

    private static string LineOf(OfferedVersion one, int width) =>
        $"{$"{one.Reference}".PadRight(width)}   {one.Published:yyyy-MM-dd HH:mm} UTC{(one.Latest ? "   newest" : "")}";

    /// <summary>The terminal, on which q is Escape too.</summary>
    private sealed class KeyedConsole(IAnsiConsole terminal) : IAnsiConsole, IAnsiConsoleInput
    {
        public Profile Profile => terminal.Profile;
        public IAnsiConsoleCursor Cursor => terminal.Cursor;
        public IAnsiConsoleInput Input => this;
        public IExclusivityMode ExclusivityMode => terminal.ExclusivityMode;
        public RenderPipeline Pipeline => terminal.Pipeline;

        public void Clear(bool home) => terminal.Clear(home);
        public void Write(IRenderable renderable) => terminal.Write(renderable);
        public void WriteAnsi(Action<AnsiWriter> action) => terminal.WriteAnsi(action);
        public bool IsKeyAvailable() => terminal.Input.IsKeyAvailable();
        public ConsoleKeyInfo? ReadKey(bool intercept) => WithQ(terminal.Input.ReadKey(intercept));
        public async Task<ConsoleKeyInfo?> ReadKeyAsync(bool intercept, CancellationToken cancellationToken) =>
            WithQ(await terminal.Input.ReadKeyAsync(intercept, cancellationToken));

        private static ConsoleKeyInfo? WithQ(ConsoleKeyInfo? key) => key is { KeyChar: 'q' or 'Q' } ? new ConsoleKeyInfo('\e', ConsoleKey.Escape, false, false, false) : key;
    }
}
