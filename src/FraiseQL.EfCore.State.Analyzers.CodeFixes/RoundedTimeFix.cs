using System.Collections.Immutable;
using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace FraiseQL.EfCore.State.Analyzers.CodeFixes;

/// <summary>FQS005: takes the clock out of the query, into a variable that is rounded down to the minute.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp, Name = nameof(RoundedTimeFix))]
[Shared]
internal sealed class RoundedTimeFix : StateCodeFix
{
    public override ImmutableArray<string> FixableDiagnosticIds { get; } = Of(Rules.NewEachTime);

    protected override async Task<(string Title, SyntaxNode Root)?> FixAsync(
        Document document, SyntaxNode root, Diagnostic diagnostic, CancellationToken cancellationToken)
    {
        if (!diagnostic.Properties.TryGetValue("source", out var source)
            || await document.GetSemanticModelAsync(cancellationToken).ConfigureAwait(false) is not { } model)
        {
            return null;
        }

        var clock = root.FindNode(diagnostic.Location.SourceSpan, getInnermostNodeForTie: true);
        var statement = clock.Ancestors().OfType<StatementSyntax>().FirstOrDefault(s => s.Parent is BlockSyntax or GlobalStatementSyntax);
        if (clock is not ExpressionSyntax || statement?.Parent is not BlockSyntax)
        {
            return null;
        }

        var (baseName, value) = source switch
        {
            "DateTime.UtcNow" => ("now", "new DateTime(DateTime.UtcNow.Ticks / TimeSpan.TicksPerMinute * TimeSpan.TicksPerMinute, DateTimeKind.Utc)"),
            "DateTimeOffset.UtcNow" => ("now", "new DateTimeOffset(DateTimeOffset.UtcNow.Ticks / TimeSpan.TicksPerMinute * TimeSpan.TicksPerMinute, TimeSpan.Zero)"),
            "DateTime.Now" => ("now", "new DateTime(DateTime.Now.Ticks / TimeSpan.TicksPerMinute * TimeSpan.TicksPerMinute, DateTimeKind.Local)"),
            "DateTime.Today" => ("today", "DateTime.Today"),
            _ => ("", ""),
        };
        if (value.Length == 0)
        {
            return null;
        }

        var name = baseName;
        for (var i = 2; model.LookupSymbols(clock.SpanStart, name: name).Length > 0; i++)
        {
            name = baseName + i;
        }

        var declaration = SyntaxFactory.ParseStatement($"var {name} = {value};")
            .WithLeadingTrivia(statement.GetLeadingTrivia()).WithTrailingTrivia(SyntaxFactory.ElasticCarriageReturnLineFeed);
        var marked = root.TrackNodes(statement, clock);
        marked = marked.ReplaceNode(marked.GetCurrentNode(clock)!, SyntaxFactory.IdentifierName(name).WithTriviaFrom(clock));
        marked = marked.InsertNodesBefore(marked.GetCurrentNode(statement)!, [declaration]);
        return ("Round it down to the minute, before the query", marked);
    }
}
