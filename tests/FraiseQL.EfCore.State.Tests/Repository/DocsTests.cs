using System.Text.RegularExpressions;

namespace FraiseQL.EfCore.State.Tests.Repository;

public sealed partial class DocsTests
{
    public static TheoryData<string> Documents => new(new[] { "README.md", "AGENTS.md", "CHANGELOG.md" }
        .Concat(RepositoryFiles.Below("docs", "*.md"))
        .Concat(RepositoryFiles.Below("src", "*.md"))
        .Concat(RepositoryFiles.Below("samples", "*.md"))
        .Concat(RepositoryFiles.Below("migrations-templates", "*.md")));

    [Theory]
    [MemberData(nameof(Documents))]
    public void Every_C_sharp_block_compiles(string document)
    {
        var text = RepositoryFiles.Read(document).ReplaceLineEndings("\n");
        foreach (Match block in CSharpBlock().Matches(text))
        {
            var line = text.AsSpan(0, block.Index).Count('\n') + 2;
            var errors = DocumentCompiler.Errors(block.Groups["code"].Value);
            Assert.True(errors.Count == 0, $"{document}, block at line {line}:\n{string.Join('\n', errors)}");
        }
    }

    [Theory]
    [MemberData(nameof(Documents))]
    public void Every_link_to_a_file_leads_to_one(string document)
    {
        foreach (Match link in Link().Matches(RepositoryFiles.Read(document)))
        {
            var target = link.Groups["target"].Value.Split('#')[0];
            if (target.Length > 0 && !target.Contains("://", StringComparison.Ordinal))
            {
                var path = Path.Combine(RepositoryFiles.Root, Path.GetDirectoryName(document)!, target);
                Assert.True(Path.Exists(path), $"{document} links to {target}, which does not exist.");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Documents))]
    public void Every_link_to_a_heading_leads_to_one(string document)
    {
        foreach (Match link in Link().Matches(RepositoryFiles.Read(document)))
        {
            var parts = link.Groups["target"].Value.Split('#');
            if (parts.Length == 2 && !parts[0].Contains("://", StringComparison.Ordinal) && (parts[0].Length == 0 || parts[0].EndsWith(".md", StringComparison.Ordinal)))
            {
                var target = parts[0].Length == 0 ? document : Path.Combine(Path.GetDirectoryName(document)!, parts[0]);
                var headings = Heading().Matches(RepositoryFiles.Read(target).ReplaceLineEndings("\n")).Select(heading => Anchor(heading.Groups["text"].Value));
                Assert.True(headings.Contains(parts[1]), $"{document} links to {link.Groups["target"].Value}, and {target} has no such heading.");
            }
        }
    }

    [Fact]
    public void The_index_of_the_documentation_names_every_document()
    {
        var index = RepositoryFiles.Read("docs/README.md");
        foreach (var document in RepositoryFiles.Below("docs", "*.md").Where(file => file.Count(c => c == '/') == 1 && file != "docs/README.md"))
        {
            Assert.Contains($"]({document["docs/".Length..]})", index, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_readme_is_short_and_shows_code()
    {
        var text = RepositoryFiles.Read("README.md").ReplaceLineEndings("\n");
        Assert.InRange(text.Split('\n').Length, 1, 150);
        Assert.InRange(CSharpBlock().Count(text), 4, 20);
    }

    [Fact]
    public void The_documentation_lists_every_option_and_no_other()
    {
        var listed = OptionKey().Matches(RepositoryFiles.Read("docs/configuration.md")).Select(key => key.Groups["key"].Value);
        var health = typeof(FraiseQLStateHealthOptions).GetProperties().Where(property => property.CanWrite).Select(property => $"Diagnostics:Health:{property.Name}");
        Assert.Equal(Keys(typeof(FraiseQLStateOptions), "").Concat(health).Order(StringComparer.Ordinal), listed.Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    [Feature("S0-state-model")]
    public void Every_guarantee_names_a_test_that_exists()
    {
        var tests = RepositoryFiles.Below("tests", "*Tests.cs").ToLookup(file => Path.GetFileNameWithoutExtension(file));
        var rows = RepositoryFiles.Read("docs/consistency.md").ReplaceLineEndings("\n").Split("## What is guaranteed")[1].Split("\n## ")[0]
            .Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal)).Skip(1).ToArray();
        Assert.NotEmpty(rows);
        foreach (var row in rows)
        {
            var named = NamedTest().Match(row);
            Assert.True(named.Success, $"No test in {row}");
            Assert.True(
                tests[named.Groups["class"].Value].Any(file => RepositoryFiles.Read(file).Contains($" {named.Groups["test"].Value}(", StringComparison.Ordinal)),
                $"There is no test {named.Value}.");
        }
    }

    [Theory]
    [InlineData("var posts = await db.Posts.ToListAsync();")]
    [InlineData("using System.Text;\n\npublic int Twice(int x) => 2 * x;")]
    [InlineData("public sealed class Post2 { public int Id { get; set; } }")]
    public void The_compiler_of_blocks_takes_statements_members_and_types(string code)
        => Assert.Empty(DocumentCompiler.Errors(code));

    [Fact]
    public void The_compiler_of_blocks_finds_what_does_not_exist()
        => Assert.Contains(DocumentCompiler.Errors("await db.Posts.Cachable().ToListAsync();"), error => error.Contains("Cachable", StringComparison.Ordinal));

    [GeneratedRegex(@"^(?<indent> *)```csharp\n(?<code>.*?)^\k<indent>```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex CSharpBlock();

    private static IEnumerable<string> Keys(Type options, string path) => options.GetProperties()
        .SelectMany(property => property.CanWrite ? [path + property.Name]
            : property.PropertyType.IsGenericType ? Keys(property.PropertyType.GetGenericArguments()[1], $"{path}{property.Name}:name:")
            : Keys(property.PropertyType, $"{path}{property.Name}:"));

    [GeneratedRegex("`(?<key>(Cache|Cdc|Consistency|Diagnostics):[A-Za-z0-9:]+)`")]
    private static partial Regex OptionKey();

    [GeneratedRegex("`(?<class>[A-Za-z]+Tests)\\.(?<test>[A-Za-z_]+)` \\|$")]
    private static partial Regex NamedTest();

    // As the pages that show these documents make it.
    private static string Anchor(string heading)
        => string.Concat(heading.Where(c => char.IsLetterOrDigit(c) || c is ' ' or '-' or '_')).Replace(' ', '-').ToLowerInvariant();

    [GeneratedRegex(@"^#+ (?<text>.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)\)")]
    private static partial Regex Link();
}
