using System.Collections.Immutable;
using System.Text.RegularExpressions;
using FraiseQL.EfCore.State.Analyzers;
using FraiseQL.EfCore.State.Analyzers.CodeFixes;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;
using Document = Microsoft.CodeAnalysis.Document;

namespace FraiseQL.EfCore.State.PackageTests.Analyzers;

/// <summary>Statements of a method with a context at hand, compiled and looked at as an editor does. <c>[|…|]</c> is what should be underlined.</summary>
internal static partial class Snippet
{
    private const string Before = """
        using System;
        using System.Collections.Generic;
        using System.Linq;
        using System.Threading;
        using System.Threading.Tasks;
        using System.Transactions;
        using FraiseQL.EfCore.State;
        using FraiseQL.EfCore.State.PostgresTests.Caching;
        using Microsoft.EntityFrameworkCore;
        using Microsoft.Extensions.DependencyInjection;
        internal static class Helper
        {
            public static DateTime Round(DateTime time) => time.Date;
            public static Task SendAsync(string text) => Task.CompletedTask;
            public static Task SendAsync(string text, CancellationToken cancellationToken) => Task.CompletedTask;
            public static Task IndexAsync(string text, int retries = 3, CancellationToken cancellationToken = default) => Task.CompletedTask;
        }
        internal static class Test
        {
            public static async Task RunAsync(BlogContext db, BlogContext other, IServiceCollection services, int id, CancellationToken cancellationToken)
            {
                await Task.Yield();

        """;

    private const string After = "\n    }\n}\n";

    private static readonly MetadataReference[] References = [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
        .Split(Path.PathSeparator).Select(path => (MetadataReference)MetadataReference.CreateFromFile(path))];

    private static readonly ImmutableArray<CodeFixProvider> Fixes =
        [new RemoveMarkFix(), new UseResultFix(), new DependsOnFix(), new RoundedTimeFix(), new DefaultTimeFix(), new PassTokenFix()];

    public static ImmutableArray<DiagnosticAnalyzer> All { get; } = [new CacheableAnalyzer(), new HandlerTokenAnalyzer()];

    /// <summary>What is reported, as <c>FQS001: underlined text</c>; fails when the snippet does not compile or another place is underlined than is marked.</summary>
    public static async Task<string[]> ReportedAsync(string marked)
    {
        var (document, spans) = Parse(marked);
        var diagnostics = await DiagnosticsAsync(document);
        Assert.Equal(spans, diagnostics.Select(d => (d.Location.SourceSpan.Start, d.Location.SourceSpan.End)).Order());
        return [.. diagnostics.Select(d => d.Id).Distinct()];
    }

    /// <summary>The snippet after the first fix that is offered for its first diagnostic; null when none is.</summary>
    public static async Task<string?> FixedAsync(string marked)
    {
        var (document, _) = Parse(marked);
        var diagnostic = (await DiagnosticsAsync(document))[0];
        var actions = new List<CodeAction>();
        foreach (var fix in Fixes.Where(f => f.FixableDiagnosticIds.Contains(diagnostic.Id)))
        {
            await fix.RegisterCodeFixesAsync(new CodeFixContext(document, diagnostic, (action, _) => actions.Add(action), CancellationToken.None));
        }

        if (actions.Count == 0)
        {
            return null;
        }

        var operations = await actions[0].GetOperationsAsync(CancellationToken.None);
        var changed = Assert.IsType<ApplyChangesOperation>(Assert.Single(operations)).ChangedSolution.GetDocument(document.Id)!;
        var errors = (await changed.Project.GetCompilationAsync())!.GetDiagnostics().Where(d => d.Severity == DiagnosticSeverity.Error);
        Assert.Empty(errors);
        Assert.DoesNotContain(await DiagnosticsAsync(changed), d => d.Id == diagnostic.Id);
        var text = (await changed.GetTextAsync()).ToString().ReplaceLineEndings("\n");
        return text[Before.ReplaceLineEndings("\n").Length..^After.Length];
    }

    public static Task<ImmutableArray<Diagnostic>> AnalyzeAsync(Compilation compilation)
        => compilation.WithAnalyzers(All, new CompilationWithAnalyzersOptions(
            new AnalyzerOptions([]), (error, analyzer, _) => throw new InvalidOperationException($"{analyzer.GetType().Name} failed", error), true, false)).GetAnalyzerDiagnosticsAsync();

    private static async Task<Diagnostic[]> DiagnosticsAsync(Document document)
    {
        var compilation = (await document.Project.GetCompilationAsync())!;
        Assert.Empty(compilation.GetDiagnostics().Where(d => d.Severity == DiagnosticSeverity.Error));
        return [.. (await AnalyzeAsync(compilation)).OrderBy(d => d.Location.SourceSpan.Start)];
    }

    private static (Document Document, IEnumerable<(int, int)> Spans) Parse(string marked)
    {
        var whole = Before.ReplaceLineEndings("\n") + marked.ReplaceLineEndings("\n") + After;
        var spans = new List<(int, int)>();
        foreach (var (index, match) in Mark().Matches(whole).Index())
        {
            var start = match.Index - (4 * index);
            spans.Add((start, start + match.Length - 4));
        }

        var workspace = new AdhocWorkspace();
        var project = workspace.AddProject(ProjectInfo.Create(
            ProjectId.CreateNewId(), VersionStamp.Default, "Snippet", "Snippet", LanguageNames.CSharp,
            compilationOptions: new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable),
            parseOptions: CSharpParseOptions.Default.WithLanguageVersion(LanguageVersion.Latest), metadataReferences: References));
        return (project.AddDocument("Snippet.cs", Mark().Replace(whole, "$1")), spans);
    }

    [GeneratedRegex(@"\[\|(.*?)\|\]", RegexOptions.Singleline)]
    private static partial Regex Mark();
}
