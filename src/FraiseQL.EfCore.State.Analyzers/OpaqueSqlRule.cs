using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace FraiseQL.EfCore.State.Analyzers;

/// <summary>FQS004: SQL of the application, cacheable without a word about what it reads.</summary>
internal static class OpaqueSqlRule
{
    public static void Check(OperationAnalysisContext context, IInvocationOperation mark)
    {
        if (!Declares(mark) && SqlOf(mark) is { } sql)
        {
            context.ReportDiagnostic(Diagnostic.Create(
                Rules.OpaqueSql, QueryChain.NameOf(mark), EntityOf(sql), sql.TargetMethod.Name));
        }
    }

    private static IInvocationOperation? SqlOf(IInvocationOperation mark)
        => QueryChain.Inwards(mark).OfType<IInvocationOperation>().FirstOrDefault(call
            => call.TargetMethod is { Name: "FromSql" or "FromSqlRaw" or "FromSqlInterpolated" or "SqlQuery" or "SqlQueryRaw" } method
                && method.ContainingNamespace.ToDisplayString() == "Microsoft.EntityFrameworkCore");

    // For the code fix: the entity whose rows the SQL returns, which it most likely reads.
    private static System.Collections.Immutable.ImmutableDictionary<string, string?> EntityOf(IInvocationOperation sql)
    {
        var none = System.Collections.Immutable.ImmutableDictionary<string, string?>.Empty;
        return sql.TargetMethod is { Name: var name, TypeArguments: { Length: 1 } types } && name.StartsWith("FromSql", StringComparison.Ordinal)
            ? none.Add("entity", types[0].ToMinimalDisplayString(sql.SemanticModel!, sql.Syntax.SpanStart))
            : none;
    }

    // Options that are made elsewhere may say anything.
    private static bool Declares(IInvocationOperation mark)
    {
        if (mark.Arguments.FirstOrDefault(a => a.Parameter?.Ordinal == 1)?.Value is not { } argument
            || argument.Type is not { TypeKind: TypeKind.Delegate })
        {
            return false;
        }

        var lambda = argument is IDelegateCreationOperation { Target: IAnonymousFunctionOperation function } ? function : null;
        return lambda is null || lambda.Descendants().Any(operation => operation switch
        {
            IInvocationOperation { TargetMethod: { ContainingType.Name: "CacheableOptionsBuilder", Name: var name } }
                => name is "DependsOn" or "DependsOnlyOn" or "Tags" or "UntilExpired",
            IInvocationOperation { Arguments: var arguments } => arguments.Any(a => a.Value is IParameterReferenceOperation),
            _ => false,
        });
    }
}
