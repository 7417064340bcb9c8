using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace OsCircular.Tests.Architecture;

public sealed partial class NoticeTests
{
    private static readonly string Text = File.ReadAllText(Repository.PathOf("NOTICE"));

    private static readonly Dictionary<string, string> Licences = Row().Matches(Text)
        .ToDictionary(row => row.Groups["name"].Value, row => row.Groups["licence"].Value);

    [Fact]
    public void Notice_EveryPackageWithAVersion_IsListed()
    {
        IEnumerable<string> named = XDocument.Load(Repository.PathOf("Directory.Packages.props")).Descendants("PackageVersion")
            .Select(package => (string)package.Attribute("Include")!);
        Assert.Empty(named.Except(Licences.Keys));
    }

    [Theory]
    [InlineData("OsCircular")]
    [InlineData("OsCircular.Fuse")]
    [InlineData("OsCircular.Agent")]
    public void Notice_EveryPackageThatTheBuildResolved_IsListed(string project) =>
        Assert.Empty(Resolved(project).Except(Licences.Keys));

    [Fact]
    public void Notice_EveryListedPackage_IsUsed()
    {
        string[] resolved = [.. new[] { "OsCircular.Agent", "OsCircular.Tests", "OsCircular.Benchmarks" }.SelectMany(Resolved)];
        Assert.Empty(Licences.Keys.Except(resolved));
    }

    [Fact]
    public void Notice_EveryLicence_IsOneWeMayShip() => Assert.All(Licences.Values, licence => Assert.Contains(licence, (string[])["MIT", "BSD-3-Clause", "Apache-2.0"]));

    [Theory]
    [InlineData("MonoTorrent")]
    [InlineData("Tmds.Fuse")]
    public void Notice_PackageThatCannotBeHad_IsExplained(string package)
    {
        Assert.Contains(package, Text, StringComparison.Ordinal);
        Assert.DoesNotContain(package, Licences.Keys);
    }

    /// <summary>Direct and transitive packages of one project, from what restore wrote.</summary>
    private static IEnumerable<string> Resolved(string project)
    {
        using JsonDocument assets = JsonDocument.Parse(File.ReadAllBytes(Repository.PathOf($"artifacts/obj/{project}/project.assets.json")));
        return [.. assets.RootElement.GetProperty("libraries").EnumerateObject()
            .Where(library => library.Value.GetProperty("type").GetString() == "package")
            .Select(library => library.Name.Split('/')[0])];
    }

    [GeneratedRegex(@"^(?<name>\S+) +(?<licence>\S+) +(?:ships|build|test) ", RegexOptions.Multiline)]
    private static partial Regex Row();
}
