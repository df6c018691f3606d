using System.Collections.Immutable;
using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace FraiseQL.EfCore.State.Analyzers.CodeFixes;

/// <summary>FQS002: gives the marked query back to the variable that it was made from.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp, Name = nameof(UseResultFix))]
[Shared]
internal sealed class UseResultFix : StateCodeFix
{
    public override ImmutableArray<string> FixableDiagnosticIds { get; } = Of(Rules.Ignored);

    protected override async Task<(string Title, SyntaxNode Root)?> FixAsync(
        Document document, SyntaxNode root, Diagnostic diagnostic, CancellationToken cancellationToken)
    {
        if (CallAt(root, diagnostic)?.FirstAncestorOrSelf<ExpressionStatementSyntax>() is not { Expression: { } whole } statement
            || await document.GetSemanticModelAsync(cancellationToken).ConfigureAwait(false) is not { } model)
        {
            return null;
        }

        var source = whole;
        while (source is InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax access })
        {
            source = access.Expression;
        }

        if (source is not IdentifierNameSyntax name || model.GetSymbolInfo(name, cancellationToken).Symbol is not (ILocalSymbol or IParameterSymbol)
            || model.GetTypeInfo(name, cancellationToken).Type is not { } type || !model.ClassifyConversion(whole, type).IsImplicit)
        {
            return null;
        }

        var assignment = SyntaxFactory.AssignmentExpression(SyntaxKind.SimpleAssignmentExpression, name.WithoutTrivia(), whole.WithoutLeadingTrivia())
            .NormalizeWhitespace().WithLeadingTrivia(statement.GetLeadingTrivia());
        return ($"Assign it to {name.Identifier.Text}", root.ReplaceNode(statement, statement.WithExpression(assignment)));
    }
}
