using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace FraiseQL.EfCore.State.Analyzers;

/// <summary>FQS003: a transaction that was begun in a block around the query, on the same context, and not ended before it.</summary>
internal static class TransactionRule
{
    public static void Check(OperationAnalysisContext context, IInvocationOperation mark, KnownTypes types)
    {
        var end = QueryChain.Outwards(mark).LastOrDefault() ?? mark;
        if (types.IsQueryable(end.Type))
        {
            // Executed elsewhere.
            return;
        }

        var root = QueryChain.RootOf(mark);
        for (IOperation? at = mark; at is not null and not IAnonymousFunctionOperation and not ILocalFunctionOperation; at = at.Parent)
        {
            var isInside = at.Parent is IUsingOperation @using && !ReferenceEquals(@using.Resources, at) && Begins(@using.Resources, root);
            if (isInside && !EndsBefore(at, mark))
            {
                Report(context, mark);
                return;
            }

            if (at.Parent is IBlockOperation block && BeginsBefore(block, at, root))
            {
                Report(context, mark);
                return;
            }
        }
    }

    private static void Report(OperationAnalysisContext context, IInvocationOperation mark)
        => context.ReportDiagnostic(Diagnostic.Create(Rules.InTransaction, QueryChain.NameOf(mark), QueryChain.Display(mark)));

    // The last word before the statement counts.
    private static bool BeginsBefore(IBlockOperation block, IOperation statement, ISymbol? root)
    {
        var isOpen = false;
        foreach (var before in block.Operations)
        {
            if (ReferenceEquals(before, statement))
            {
                break;
            }

            isOpen = Ends(before) ? false : before is not (IUsingOperation or IBlockOperation) && Begins(before, root) || isOpen;
        }

        return isOpen && !EndsBefore(statement, statement);
    }

    private static bool EndsBefore(IOperation body, IOperation mark)
        => body is IBlockOperation block && block.Operations.TakeWhile(o => !o.Syntax.Span.Contains(mark.Syntax.Span)).Any(Ends);

    private static bool Ends(IOperation operation) => Own(operation).OfType<IInvocationOperation>().Any(call
        => call.TargetMethod.Name is "Commit" or "CommitAsync" or "Rollback" or "RollbackAsync" or "CommitTransaction" or "CommitTransactionAsync"
            or "RollbackTransaction" or "RollbackTransactionAsync" or "Complete" or "Dispose" or "DisposeAsync");

    private static bool Begins(IOperation operation, ISymbol? root) => Own(operation).Any(part => part switch
    {
        IInvocationOperation { TargetMethod: { Name: "BeginTransaction" or "BeginTransactionAsync" or "UseTransaction" or "UseTransactionAsync" } method } call
            => method.ContainingNamespace.ToDisplayString().StartsWith("Microsoft.EntityFrameworkCore", StringComparison.Ordinal)
                && root is not null && KnownTypes.Same(QueryChain.RootOf(call.Instance ?? QueryChain.SourceOf(call)), root),
        IObjectCreationOperation { Type: { Name: "TransactionScope" }, Arguments: var arguments }
            => !arguments.Any(a => a.Value is IFieldReferenceOperation { Field.Name: "Suppress" }),
        _ => false,
    });

    // Without what runs at another time.
    private static IEnumerable<IOperation> Own(IOperation operation)
    {
        yield return operation;
        foreach (var child in operation.ChildOperations)
        {
            if (child is IAnonymousFunctionOperation or ILocalFunctionOperation)
            {
                continue;
            }

            foreach (var inner in Own(child))
            {
                yield return inner;
            }
        }
    }
}
