using System.Reflection;

namespace OsCircular.Tests.Architecture;

/// <summary>Applies <see cref="Arrows"/> to compiled code.</summary>
internal static class ArrowCheck
{
    /// <summary>The forbidden uses in <paramref name="types"/>, one sentence each, where the folders are the namespaces below <paramref name="root"/>.</summary>
    public static IEnumerable<string> Forbidden(IEnumerable<Type> types, string root)
    {
        foreach (Type type in types)
        {
            if (FolderOf(type, root) is not { } from) continue;
            foreach (Type used in TypeUses.Of(type))
            {
                if (FolderOf(used, root) is { } to && !Arrows.Allow(from, to))
                    yield return $"{type.FullName} uses {used.FullName}: {from} -> {to} is not allowed";
            }
        }
    }

    public static Type[] TypesOf(string assembly) => Assembly.Load(assembly).GetTypes();

    /// <summary>The folder that a type belongs to, or null for one that is not ours.</summary>
    private static string? FolderOf(Type type, string root)
    {
        while (type.DeclaringType is { } outer) type = outer;
        string space = type.Namespace ?? "";
        return space.StartsWith(root + ".", StringComparison.Ordinal) ? space[(root.Length + 1)..].Split('.')[0] : null;
    }
}
