using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace FraiseQL.EfCore.State.Analyzers;

/// <summary>
/// FQS005: the clock, a new Guid or the database's random() in a query. In its lambda the database computes it, and the query is refused; in a variable that
/// it captures it is a new key at each execution.
/// </summary>
internal static class NewEachTimeRule
{
    public static void Check(OperationAnalysisContext context, IInvocationOperation mark, KnownTypes types)
    {
        foreach (var operation in QueryChain.Inwards(mark).Concat(QueryChain.Outwards(mark)))
        {
            if (operation is IInvocationOperation { TargetMethod.IsStatic: true } call && !types.IsMark(call.TargetMethod))
            {
                foreach (var argument in call.Arguments.Where(a => a.Parameter?.Ordinal > 0))
                {
                    Check(context, argument, types);
                }
            }
        }
    }

    private static void Check(OperationAnalysisContext context, IArgumentOperation argument, KnownTypes types)
    {
        var isLambda = argument.Parameter?.Type is INamedTypeSymbol { IsGenericType: true } type && KnownTypes.Same(type.OriginalDefinition, types.Expression);
        foreach (var part in argument.Value.DescendantsAndSelf())
        {
            if (NameOf(part) is { } source)
            {
                Report(context, part, source, isLambda ? "not cached (volatile-function)" : "never found in the cache again", isLambda && IsClock(part));
            }
            else if (part is ILocalReferenceOperation { Local: var local } && IsNewEachTime(local, context, out var inside))
            {
                Report(context, part, inside, "never found in the cache again", canRound: false);
            }
        }
    }

    private static void Report(OperationAnalysisContext context, IOperation at, string source, string consequence, bool canRound)
        => context.ReportDiagnostic(Diagnostic.Create(
            Rules.NewEachTime, at.Syntax.GetLocation(),
            canRound ? ImmutableDictionary<string, string?>.Empty.Add("source", source) : ImmutableDictionary<string, string?>.Empty,
            source, consequence));

    // Only where the variable is the source itself, or shifted by a constant: whoever calls anything else may round it there.
    private static bool IsNewEachTime(ILocalSymbol local, OperationAnalysisContext context, out string source)
    {
        source = "";
        if (local.DeclaringSyntaxReferences.Length != 1
            || local.DeclaringSyntaxReferences[0].GetSyntax(context.CancellationToken)
                is not Microsoft.CodeAnalysis.CSharp.Syntax.VariableDeclaratorSyntax { Initializer.Value: { } value } declarator
            || context.Operation.SemanticModel?.GetOperation(value, context.CancellationToken) is not { } operation
            || IsWrittenAgain(local, declarator, context))
        {
            return false;
        }

        for (var at = QueryChain.Unwrap(operation); at is not null;)
        {
            if (NameOf(at) is { } name && !name.EndsWith(".Today", StringComparison.Ordinal))
            {
                source = name;
                return true;
            }

            at = at switch
            {
                IInvocationOperation { Instance: { } instance, TargetMethod.Name: var shift } when shift.StartsWith("Add", StringComparison.Ordinal)
                    || shift is "Subtract" or "ToUniversalTime" or "ToLocalTime" or "ToOffset" => QueryChain.Unwrap(instance),
                IBinaryOperation { OperatorKind: BinaryOperatorKind.Subtract or BinaryOperatorKind.Add, LeftOperand: var left } => QueryChain.Unwrap(left),
                _ => null,
            };
        }

        return false;
    }

    private static bool IsWrittenAgain(ILocalSymbol local, SyntaxNode declarator, OperationAnalysisContext context)
    {
        var body = declarator.FirstAncestorOrSelf<Microsoft.CodeAnalysis.CSharp.Syntax.BlockSyntax>();
        return body is null || context.Operation.SemanticModel!.GetOperation(body, context.CancellationToken) is not { } block
            || block.Descendants().OfType<IAssignmentOperation>().Any(a => a.Target is ILocalReferenceOperation target && KnownTypes.Same(target.Local, local));
    }

    private static bool IsClock(IOperation operation) => operation is IPropertyReferenceOperation { Property.ContainingType.Name: "DateTime" or "DateTimeOffset" };

    private static string? NameOf(IOperation operation) => operation switch
    {
        IPropertyReferenceOperation { Property: { IsStatic: true, Name: "Now" or "UtcNow" or "Today" } property }
            when property.ContainingType.ToDisplayString() is "System.DateTime" or "System.DateTimeOffset"
            => $"{property.ContainingType.Name}.{property.Name}",
        IInvocationOperation { TargetMethod: { Name: "NewGuid" or "CreateVersion7", ContainingType: { Name: "Guid" } } method } => $"Guid.{method.Name}()",
        IInvocationOperation { TargetMethod: { Name: "Random", ContainingType: { Name: "DbFunctionsExtensions" } } } => "EF.Functions.Random()",
        _ => null,
    };
}
