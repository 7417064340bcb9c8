using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace OsCircular.Tests.Architecture;

public sealed partial class ArrowsTests
{
    [Fact]
    public void CompiledCode_OfTheLibrary_UsesOnlyAllowedFolders() =>
        Assert.Empty(ArrowCheck.Forbidden(ArrowCheck.TypesOf("OsCircular"), "OsCircular").Distinct());

    [Fact]
    public void CompiledCode_OfFuse_UsesNothingOfOurs() =>
        Assert.Empty(ArrowCheck.Forbidden(ArrowCheck.TypesOf("OsCircular.Fuse"), "OsCircular").Distinct());

    // Constants leave no trace in compiled code, so the source is looked at too.
    [Fact]
    public void Source_OfTheLibrary_NamesOnlyAllowedFolders()
    {
        IEnumerable<string> forbidden =
            from file in Repository.Files("src/OsCircular", "*.cs")
            let parts = file.Split('/')
            where parts.Length > 3
            from line in File.ReadLines(Repository.PathOf(file))
            where !line.TrimStart().StartsWith("//", StringComparison.Ordinal)
            from Match match in OurNamespace().Matches(line)
            let to = match.Groups[1].Value
            where !Arrows.Allow(parts[2], to)
            select $"{file}: {parts[2]} -> {to} is not allowed";
        Assert.Empty(forbidden);
    }

    [Fact]
    public void Folders_OfTheLibrary_AreAllInTheTable()
    {
        IEnumerable<string> folders = Directory.EnumerateDirectories(Repository.PathOf("src/OsCircular")).Select(folder => Path.GetFileName(folder)!);
        Assert.All(folders, folder => Assert.Contains(folder, Arrows.Folders.Keys));
    }

    [Fact]
    public void Namespaces_InSrc_AreTheirFolders()
    {
        IEnumerable<string> wrong =
            from file in Repository.Files("src", "*.cs")
            let expected = string.Join('.', file.Split('/')[1..^1])
            let declared = Namespace().Match(File.ReadAllText(Repository.PathOf(file)))
            where declared.Success && declared.Groups[1].Value != expected
            select $"{file}: namespace {declared.Groups[1].Value}, not {expected}";
        Assert.Empty(wrong);
    }

    [Fact]
    public void ProjectReferences_InSrc_AreAllowed()
    {
        foreach (string file in Repository.Files("src", "*.csproj"))
        {
            string project = Path.GetFileNameWithoutExtension(file);
            IEnumerable<string> references = XDocument.Load(Repository.PathOf(file)).Descendants("ProjectReference")
                .Select(reference => Path.GetFileNameWithoutExtension((string)reference.Attribute("Include")!));
            Assert.All(references, reference => Assert.Contains(reference, Arrows.Projects[project]));
        }
    }

    [Theory]
    [InlineData(typeof(Samples.Cache.ByField))]
    [InlineData(typeof(Samples.Cache.ByTypeArgument))]
    [InlineData(typeof(Samples.Cache.ByCall))]
    [InlineData(typeof(Samples.Cache.ByLambda))]
    [InlineData(typeof(Samples.Cache.ByTypeOf))]
    public void Check_ForbiddenArrow_IsFound(Type user)
    {
        IEnumerable<Type> types = user.GetNestedTypes(System.Reflection.BindingFlags.NonPublic).Append(user);
        Assert.Contains(ArrowCheck.Forbidden(types, typeof(ArrowsTests).Namespace + ".Samples"), text => text.EndsWith("Cache -> Mirrors is not allowed", StringComparison.Ordinal));
    }

    [Fact]
    public void Check_AllowedArrow_IsNotReported() =>
        Assert.Empty(ArrowCheck.Forbidden([typeof(Samples.Cache.Allowed)], typeof(ArrowsTests).Namespace + ".Samples"));

    [GeneratedRegex(@"\bOsCircular\.([A-Z]\w+)")]
    private static partial Regex OurNamespace();

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Namespace();
}
