using System.Text;
using OsCircular.Blocks;

namespace OsCircular.Agent.Commands;

/// <summary>The password of a secret key: from OSCIRCULAR_KEY_PASSWORD, or asked for on a terminal. Never echoed, never logged.</summary>
internal static class Password
{
    public const string Variable = "OSCIRCULAR_KEY_PASSWORD";

    /// <returns>The password, or null where there is neither the variable nor a terminal.</returns>
    public static string? Ask(string prompt)
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } given) return given;
        return Console.IsInputRedirected || Console.IsErrorRedirected ? null : ReadHidden(prompt);
    }

    /// <summary>For a new key: asked for twice.</summary>
    /// <exception cref="UserError">There is none to be had, it is empty, or the two differ.</exception>
    public static string AskForNew()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } given) return given;
        string first = Ask("New password: ") ?? throw new UserError($"a password is needed for the secret key: set {Variable}, run on a terminal, or say --no-password", UserError.WrongUsage);
        if (first.Length == 0) throw new UserError("the password is empty: choose one, or say --no-password", UserError.WrongUsage);
        if (Ask("The same again: ") != first) throw new UserError("the two passwords differ: run the command again", UserError.WrongUsage);
        return first;
    }

    private static string ReadHidden(string prompt)
    {
        Console.Error.Write(prompt);
        StringBuilder text = new();
        for (ConsoleKeyInfo key = Console.ReadKey(intercept: true); key.Key != ConsoleKey.Enter; key = Console.ReadKey(intercept: true))
        {
            if (key.Key == ConsoleKey.Backspace) text.Length = Math.Max(0, text.Length - 1);
            else if (!char.IsControl(key.KeyChar)) text.Append(key.KeyChar);
        }

        Console.Error.WriteLine();
        return text.ToString();
    }
}
