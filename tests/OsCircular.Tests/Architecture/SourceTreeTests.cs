using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace OsCircular.Tests.Architecture;

public sealed partial class SourceTreeTests
{
    private const int MostLines = 400;

    private static readonly string[] Mutable = ["System.Collections.Generic", "System.Collections.Concurrent", "System.Threading"];

    [Fact]
    public void Files_OfCode_AreShort()
    {
        IEnumerable<string> tooLong =
            from folder in (string[])["src", "tests", "bench"]
            from file in Repository.Files(folder, "*.cs")
            let lines = File.ReadLines(Repository.PathOf(file)).Count()
            where lines > MostLines
            select $"{file}: {lines} lines";
        Assert.Empty(tooLong);
    }

    [Theory]
    [InlineData("OsCircular")]
    [InlineData("OsCircular.Fuse")]
    [InlineData("OsCircular.Agent")]
    public void StaticFields_InSrc_HoldNoState(string assembly) => Assert.Empty(StaticState(ArrowCheck.TypesOf(assembly)));

    [Fact]
    public void StaticFields_Check_FindsState() =>
        Assert.Equal(2, StaticState([typeof(WithState)]).Count());

    [Fact]
    public void Documents_PathsInBackquotes_Exist()
    {
        IEnumerable<string> broken =
            from document in Repository.Files(".", "*.md")
            from Match match in BackquotedPath().Matches(File.ReadAllText(Repository.PathOf(document)))
            let path = match.Groups[1].Value
            where !Exists(path, Path.GetDirectoryName(document)!)
            select $"{document}: {path}";
        Assert.Empty(broken);
    }

    private static bool Exists(string path, string folder) =>
        Path.Exists(Repository.PathOf(path)) || Path.Exists(Path.Combine(Repository.Root, folder, path));

    private static IEnumerable<string> StaticState(IEnumerable<Type> types) =>
        from type in types
        where !type.IsDefined(typeof(CompilerGeneratedAttribute)) && !type.IsEnum
        from field in type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
        where !field.IsLiteral && !IsGenerated(field)
        where !field.IsInitOnly || Mutable.Contains(field.FieldType.Namespace) && !field.FieldType.IsInterface
        select $"{type.FullName}.{field.Name}";

    // The compiler keeps delegates of static lambdas in such fields; source generators mark theirs.
    private static bool IsGenerated(FieldInfo field) =>
        field.Name.StartsWith("<>", StringComparison.Ordinal) || field.IsDefined(typeof(System.CodeDom.Compiler.GeneratedCodeAttribute)) ||
        field.DeclaringType!.IsDefined(typeof(System.CodeDom.Compiler.GeneratedCodeAttribute));

    // Paths of this source tree only: those of a repository or a cache (blocks/ab/...) are not meant.
    [GeneratedRegex(@"`((?:\./)?(?:src|tests|bench|\.ci)/[\w./-]*|[\w-]+\.(?:cs|md|sh|props|sln))`")]
    private static partial Regex BackquotedPath();

    private static class WithState
    {
#pragma warning disable CS0649, CS0169, IDE0044, IDE0051, CA1823
        private static int s_counter;
        private static readonly List<int> Seen = [];
        private static readonly int Constant = Environment.ProcessId;
#pragma warning restore CS0649, CS0169, IDE0044, IDE0051, CA1823
    }
}
