using System.Collections.Immutable;
using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace FraiseQL.EfCore.State.Analyzers.CodeFixes;

/// <summary>Takes a mark out that has no effect (FQS001, FQS003, FQS008) or throws (FQS009).</summary>
[ExportCodeFixProvider(LanguageNames.CSharp, Name = nameof(RemoveMarkFix))]
[Shared]
internal sealed class RemoveMarkFix : StateCodeFix
{
    public override ImmutableArray<string> FixableDiagnosticIds { get; } = Of(Rules.Materialized, Rules.InTransaction, Rules.Write, Rules.Nested);

    protected override Task<(string Title, SyntaxNode Root)?> FixAsync(
        Document document, SyntaxNode root, Diagnostic diagnostic, CancellationToken cancellationToken)
        => Task.FromResult<(string, SyntaxNode)?>(CallAt(root, diagnostic) is { Expression: MemberAccessExpressionSyntax access } call
            ? ("Take .Cacheable out", root.ReplaceNode(call, access.Expression.WithTrailingTrivia(call.GetTrailingTrivia())))
            : null);
}
