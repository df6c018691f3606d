using System.Collections.Immutable;
using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace FraiseQL.EfCore.State.Analyzers.CodeFixes;

/// <summary>FQS004: says that SQL which returns rows of an entity reads that entity. What else it reads is for the author to add.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp, Name = nameof(DependsOnFix))]
[Shared]
internal sealed class DependsOnFix : StateCodeFix
{
    public override ImmutableArray<string> FixableDiagnosticIds { get; } = Of(Rules.OpaqueSql);

    protected override async Task<(string Title, SyntaxNode Root)?> FixAsync(
        Document document, SyntaxNode root, Diagnostic diagnostic, CancellationToken cancellationToken)
    {
        if (!diagnostic.Properties.TryGetValue("entity", out var entity) || CallAt(root, diagnostic) is not { } call
            || await document.GetSemanticModelAsync(cancellationToken).ConfigureAwait(false) is not { } model)
        {
            return null;
        }

        var given = call.ArgumentList.Arguments.FirstOrDefault()?.Expression;
        var type = given is null ? null : model.GetTypeInfo(given, cancellationToken).ConvertedType?.Name;
        var options = given switch
        {
            null => $"o => o.DependsOn<{entity}>()",
            SimpleLambdaExpressionSyntax { ExpressionBody: { } body } lambda => $"{lambda.Parameter} => {body}.DependsOn<{entity}>()",
            _ when type == "String" => $"o => o.Profile({given}).DependsOn<{entity}>()",
            _ when type == "TimeSpan" => $"o => o.Ttl({given}).DependsOn<{entity}>()",
            _ => null,
        };
        return options is null
            ? null
            : ($"Say that it reads {entity}", root.ReplaceNode(call.ArgumentList, SyntaxFactory.ParseArgumentList($"({options})")));
    }
}
