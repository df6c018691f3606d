using System.Collections.Immutable;
using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace FraiseQL.EfCore.State.Analyzers.CodeFixes;

/// <summary>FQS007: passes the handler's token on.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp, Name = nameof(PassTokenFix))]
[Shared]
internal sealed class PassTokenFix : StateCodeFix
{
    public override ImmutableArray<string> FixableDiagnosticIds { get; } = Of(Rules.HandlerToken);

    protected override async Task<(string Title, SyntaxNode Root)?> FixAsync(
        Document document, SyntaxNode root, Diagnostic diagnostic, CancellationToken cancellationToken)
    {
        // A lambda may call it "_", which is a name as long as there is one of it.
        if (!diagnostic.Properties.TryGetValue("token", out var token) || token is null or "_" || CallAt(root, diagnostic) is not { } call
            || await document.GetSemanticModelAsync(cancellationToken).ConfigureAwait(false) is not { } model
            || model.GetOperation(call, cancellationToken) is not IInvocationOperation operation)
        {
            return null;
        }

        var name = SyntaxFactory.IdentifierName(token);
        var omitted = operation.Arguments.Where(a => a.ArgumentKind == ArgumentKind.DefaultValue).ToArray();
        var parameter = omitted.FirstOrDefault(a => a.Parameter?.Type.Name == nameof(CancellationToken))?.Parameter;
        var isNamed = parameter is not null && (omitted.Length > 1 || call.ArgumentList.Arguments.Any(a => a.NameColon is not null));
        var argument = isNamed
            ? SyntaxFactory.Argument(SyntaxFactory.NameColon(parameter!.Name).WithTrailingTrivia(SyntaxFactory.Space), default, name)
            : SyntaxFactory.Argument(name);
        var arguments = call.ArgumentList.Arguments;
        var separators = arguments.Count == 0 ? [] : arguments.GetSeparators()
            .Append(SyntaxFactory.Token(SyntaxKind.CommaToken).WithTrailingTrivia(SyntaxFactory.Space));
        var list = call.ArgumentList.WithArguments(SyntaxFactory.SeparatedList(arguments.Append(argument), separators));
        return ("Pass the handler's token", root.ReplaceNode(call.ArgumentList, list));
    }
}
