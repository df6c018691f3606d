using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace FraiseQL.EfCore.State.Analyzers.CodeFixes;

/// <summary>What the fixes share: one change of one document, by the name that the reader is offered.</summary>
internal abstract class StateCodeFix : CodeFixProvider
{
    public sealed override FixAllProvider GetFixAllProvider() => WellKnownFixAllProviders.BatchFixer;

    public sealed override async Task RegisterCodeFixesAsync(CodeFixContext context)
    {
        var root = await context.Document.GetSyntaxRootAsync(context.CancellationToken).ConfigureAwait(false);
        foreach (var diagnostic in context.Diagnostics)
        {
            if (root is not null && await FixAsync(context.Document, root, diagnostic, context.CancellationToken).ConfigureAwait(false) is var (title, changed))
            {
                context.RegisterCodeFix(
                    CodeAction.Create(title, _ => Task.FromResult(context.Document.WithSyntaxRoot(changed)), equivalenceKey: title), diagnostic);
            }
        }
    }

    /// <summary>The title and the changed root; null where nothing sensible can be done.</summary>
    protected abstract Task<(string Title, SyntaxNode Root)?> FixAsync(
        Document document, SyntaxNode root, Diagnostic diagnostic, CancellationToken cancellationToken);

    /// <summary>The call whose name the diagnostic underlines.</summary>
    protected static InvocationExpressionSyntax? CallAt(SyntaxNode root, Diagnostic diagnostic)
        => root.FindNode(diagnostic.Location.SourceSpan, getInnermostNodeForTie: true).FirstAncestorOrSelf<InvocationExpressionSyntax>();

    protected static ImmutableArray<string> Of(params DiagnosticDescriptor[] rules) => [.. rules.Select(rule => rule.Id)];
}
