using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace FraiseQL.EfCore.State.Analyzers;

/// <summary>FQS001, FQS002, FQS008 and FQS009: marks that do nothing, or that stand where they may not.</summary>
internal static class MarkRules
{
    public static bool CheckMaterialized(OperationAnalysisContext context, IInvocationOperation mark, KnownTypes types)
    {
        foreach (var operation in QueryChain.Inwards(mark))
        {
            if (operation is IInvocationOperation { TargetMethod: { Name: "AsQueryable", ContainingType.Name: "Queryable" } }
                && QueryChain.SourceOf(operation) is { } source && IsInMemory(source, types))
            {
                context.ReportDiagnostic(Diagnostic.Create(Rules.Materialized, QueryChain.NameOf(mark), QueryChain.Display(mark)));
                return true;
            }
        }

        return false;
    }

    public static void CheckIgnored(OperationAnalysisContext context, IInvocationOperation mark, KnownTypes types)
    {
        var end = QueryChain.Outwards(mark).LastOrDefault() ?? mark;
        if (end.Parent is IExpressionStatementOperation && types.IsQueryable(end.Type))
        {
            context.ReportDiagnostic(Diagnostic.Create(Rules.Ignored, QueryChain.NameOf(mark), QueryChain.Display(mark)));
        }
    }

    public static bool CheckWrite(OperationAnalysisContext context, IInvocationOperation mark)
    {
        foreach (var operation in QueryChain.Outwards(mark))
        {
            if (operation is IInvocationOperation { TargetMethod: { Name: var name, ContainingNamespace: { } space } }
                && name is "ExecuteUpdate" or "ExecuteUpdateAsync" or "ExecuteDelete" or "ExecuteDeleteAsync"
                && space.ToDisplayString() == "Microsoft.EntityFrameworkCore")
            {
                context.ReportDiagnostic(Diagnostic.Create(Rules.Write, QueryChain.NameOf(mark), name, QueryChain.Display(mark)));
                return true;
            }
        }

        return false;
    }

    public static bool CheckNested(OperationAnalysisContext context, IInvocationOperation mark, KnownTypes types)
    {
        if (!IsSecondSource(mark) && !IsInLambdaOfQuery(mark, types))
        {
            return false;
        }

        context.ReportDiagnostic(Diagnostic.Create(Rules.Nested, QueryChain.NameOf(mark), QueryChain.Display(mark)));
        return true;
    }

    /// <summary>The inner source of a join, or the other side of a set operation.</summary>
    private static bool IsSecondSource(IInvocationOperation mark)
    {
        var end = QueryChain.Outwards(mark).LastOrDefault() ?? mark;
        var parent = end.Parent;
        while (parent is IConversionOperation)
        {
            parent = parent.Parent;
        }

        return parent is IArgumentOperation { Parameter.Ordinal: > 0, Parent: IInvocationOperation { TargetMethod.ContainingType: { Name: "Queryable" } } };
    }

    private static bool IsInLambdaOfQuery(IInvocationOperation mark, KnownTypes types)
    {
        for (var at = mark.Parent; at is not null; at = at.Parent)
        {
            if (at is not IAnonymousFunctionOperation)
            {
                continue;
            }

            var target = at.Parent;
            while (target is not null and not IArgumentOperation && target is IConversionOperation)
            {
                target = target.Parent;
            }

            // Lambdas of EF.CompileQuery and CacheableQuery.Compile are the query itself, and those of other methods nobody's business.
            if (target is IArgumentOperation { Parent: IInvocationOperation call, Parameter.Type: INamedTypeSymbol { IsGenericType: true } type }
                && KnownTypes.Same(type.OriginalDefinition, types.Expression)
                && (call.TargetMethod.ContainingType.Name == "Queryable"
                    || call.TargetMethod.ContainingType is { Name: "EntityFrameworkQueryableExtensions" }))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsInMemory(IOperation source, KnownTypes types)
    {
        if (source.Type is not { } type || types.IsQueryable(type))
        {
            return false;
        }

        // AsEnumerable gives back the query itself, which AsQueryable finds again; what else is declared as IEnumerable may be anything.
        return type.SpecialType is not SpecialType.System_Collections_IEnumerable
                && type.OriginalDefinition.SpecialType is not SpecialType.System_Collections_Generic_IEnumerable_T
            ? type.TypeKind is TypeKind.Class or TypeKind.Struct or TypeKind.Array or TypeKind.Interface
            : source is IInvocationOperation { TargetMethod: { ContainingType.Name: "Enumerable", Name: not ("AsEnumerable" or "Cast" or "OfType") } };
    }
}
