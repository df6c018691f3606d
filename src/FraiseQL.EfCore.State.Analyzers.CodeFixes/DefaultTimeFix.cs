using System.Collections.Immutable;
using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace FraiseQL.EfCore.State.Analyzers.CodeFixes;

/// <summary>FQS006, for <c>.Cacheable(ttl)</c>: the default time to live instead.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp, Name = nameof(DefaultTimeFix))]
[Shared]
internal sealed class DefaultTimeFix : StateCodeFix
{
    public override ImmutableArray<string> FixableDiagnosticIds { get; } = Of(Rules.TimeToLive);

    protected override Task<(string Title, SyntaxNode Root)?> FixAsync(
        Document document, SyntaxNode root, Diagnostic diagnostic, CancellationToken cancellationToken)
        => Task.FromResult<(string, SyntaxNode)?>(
            root.FindNode(diagnostic.Location.SourceSpan).FirstAncestorOrSelf<ArgumentListSyntax>() is
                { Arguments.Count: 1, Parent: InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax { Name.Identifier.Text: "Cacheable" } } } arguments
                ? ("Use the default time to live", root.ReplaceNode(arguments, SyntaxFactory.ArgumentList()))
                : null);
}
