using Spectre.Console;

namespace OsCircular.Agent.Output;

/// <summary>Tables on standard output: as wide as the terminal, and never wrapped where a file or another program reads.</summary>
internal static class Tables
{
    private const int WideEnough = 200;

    /// <summary>A table without frames, with its columns from this one on to the right.</summary>
    public static Table New(int rightFrom, int rightTo, params string[] columns)
    {
        Table table = new Table().Border(TableBorder.Simple).AddColumns(columns);
        for (int column = rightFrom; column < rightTo; column++) table.Columns[column].RightAligned();
        foreach (TableColumn column in table.Columns) column.NoWrap();
        return table;
    }

    public static void Write(Table table) => Write(table, Console.Out);

    /// <inheritdoc cref="Write(Table)"/>
    public static void Write(Table table, TextWriter output)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) });
        if (output != Console.Out || Console.IsOutputRedirected) console.Profile.Width = WideEnough;
        console.Write(table);
    }
}
