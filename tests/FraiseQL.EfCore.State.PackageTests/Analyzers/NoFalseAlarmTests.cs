using System.Text.RegularExpressions;
using FraiseQL.EfCore.State.Analyzers;
using FraiseQL.EfCore.State.Tests.Repository;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace FraiseQL.EfCore.State.PackageTests.Analyzers;

[Feature("B-15-analyzers")]
public sealed partial class NoFalseAlarmTests
{
    // Wrong on purpose: these tests show what the library does then.
    private static readonly string[] OnPurpose = ["/ExplainTests.cs", "/PolicyTests.cs", "/StrategyTests.cs", "/AloneTests.cs", "/WrongUseTests.cs"];

    public static TheoryData<string> Documents => new(new[] { "README.md" }
        .Concat(RepositoryFiles.Below("docs", "*.md").Where(file => !file.StartsWith("docs/rules/", StringComparison.Ordinal))));

    [Theory]
    [MemberData(nameof(Documents))]
    public async Task No_rule_complains_of_what_the_documentation_shows(string document)
    {
        foreach (Match block in CSharpBlock().Matches(RepositoryFiles.Read(document).ReplaceLineEndings("\n")))
        {
            Assert.Empty(await Snippet.AnalyzeAsync(DocumentCompiler.Best(block.Groups["code"].Value).Compilation));
        }
    }

    [Fact]
    public async Task No_rule_complains_of_right_use_in_the_tests_of_the_library()
    {
        var options = CSharpParseOptions.Default.WithLanguageVersion(LanguageVersion.Latest);
        string[] files = [.. RepositoryFiles.Below("tests/FraiseQL.EfCore.State.PostgresTests", "*.cs").Where(file => file.Contains("/Caching/", StringComparison.Ordinal)
            || RepositoryFiles.Read(file) is var text && (text.Contains("Cacheable(", StringComparison.Ordinal) || text.Contains("IChangeHandler", StringComparison.Ordinal)))];
        var usings = "global using System; global using System.IO; global using System.Linq; global using System.Threading; global using System.Threading.Tasks; "
            + "global using System.Collections.Generic; global using System.Net.Http; global using Xunit; global using FraiseQL.EfCore.TestKit;";
        var compilation = CSharpCompilation.Create(
            "FraiseQL.EfCore.State.PostgresTests",
            files.Select(file => CSharpSyntaxTree.ParseText(RepositoryFiles.Read(file), options, file)).Append(CSharpSyntaxTree.ParseText(usings, options)),
            ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
                .Where(path => !Path.GetFileName(path).StartsWith("FraiseQL.EfCore.State.PackageTests", StringComparison.Ordinal))
                .Select(path => MetadataReference.CreateFromFile(path)),
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));
        Assert.True(compilation.SyntaxTrees.Length > 50);
        var alarms = (await Snippet.AnalyzeAsync(compilation)).Select(d => $"{d.Id} {d.Location.SourceTree!.FilePath}:{d.Location.GetLineSpan().StartLinePosition.Line + 1}").ToArray();
        Assert.Equal("", string.Join("\n", alarms.Where(alarm => !OnPurpose.Any(file => alarm.Contains(file, StringComparison.Ordinal)))));
    }

    [Fact]
    public void Every_rule_has_a_page_that_says_what_is_wrong_and_what_is_right()
    {
        var rules = typeof(Rules).GetFields().Select(field => (DiagnosticDescriptor)field.GetValue(null)!).ToArray();
        Assert.Equal(9, rules.Length);
        Assert.Equal(rules.Select(rule => rule.Id).Distinct().Count(), rules.Length);
        foreach (var rule in rules)
        {
            var page = RepositoryFiles.Read($"docs/rules/{rule.Id}.md");
            Assert.StartsWith($"# {rule.Id}: {rule.Title}\n", page, StringComparison.Ordinal);
            Assert.EndsWith($"/docs/rules/{rule.Id}.md", rule.HelpLinkUri, StringComparison.Ordinal);
            foreach (var part in (string[])["## Wrong", "## Right", "## Why", "## Not reported"])
            {
                Assert.Contains(part, page, StringComparison.Ordinal);
            }

            Assert.Contains($"[{rule.Id}]({rule.Id}.md)", RepositoryFiles.Read("docs/rules/README.md"), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Each_page_shows_wrong_code_that_its_rule_reports_and_right_code_that_none_does()
    {
        foreach (var file in RepositoryFiles.Below("docs/rules", "FQS*.md"))
        {
            var blocks = CSharpBlock().Matches(RepositoryFiles.Read(file).ReplaceLineEndings("\n")).Select(block => block.Groups["code"].Value).ToArray();
            Assert.Equal(2, blocks.Length);
            var wrong = await Snippet.AnalyzeAsync(DocumentCompiler.Best(blocks[0]).Compilation);
            Assert.Equal([Path.GetFileNameWithoutExtension(file)], wrong.Select(d => d.Id).Distinct());
            Assert.Empty(await Snippet.AnalyzeAsync(DocumentCompiler.Best(blocks[1]).Compilation));
        }
    }

    [GeneratedRegex(@"^(?<indent> *)```csharp\n(?<code>.*?)^\k<indent>```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex CSharpBlock();
}
