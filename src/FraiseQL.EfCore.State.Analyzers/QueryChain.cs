using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace FraiseQL.EfCore.State.Analyzers;

/// <summary>The calls of a fluent query: inwards to what it reads, outwards to what executes it.</summary>
internal static class QueryChain
{
    public static IOperation Unwrap(IOperation operation)
    {
        while (operation is IConversionOperation { OperatorMethod: null } conversion)
        {
            operation = conversion.Operand;
        }

        return operation;
    }

    /// <summary>What an extension method is called on; null for any other call.</summary>
    public static IOperation? SourceOf(IOperation operation)
    {
        if (operation is ITranslatedQueryOperation query)
        {
            return Unwrap(query.Operation);
        }

        if (operation is not IInvocationOperation { TargetMethod.IsStatic: true } call)
        {
            return null;
        }

        var first = call.Arguments.FirstOrDefault(a => a.Parameter?.Ordinal == 0);
        return first is null ? null : Unwrap(first.Value);
    }

    /// <summary>From the operation inwards, itself first.</summary>
    public static IEnumerable<IOperation> Inwards(IOperation operation)
    {
        for (IOperation? at = Unwrap(operation); at is not null; at = SourceOf(at))
        {
            yield return at;
        }
    }

    /// <summary>The calls around this one that have it as their source, the nearest first; without itself.</summary>
    public static IEnumerable<IOperation> Outwards(IOperation operation)
    {
        for (var at = operation.Parent; at is not null; at = at.Parent)
        {
            switch (at)
            {
                case IConversionOperation or IArgumentOperation { Parameter.Ordinal: 0 }:
                    break;
                case ITranslatedQueryOperation:
                case IInvocationOperation { TargetMethod.IsStatic: true } call when call.TargetMethod.IsExtensionMethod:
                    yield return at;
                    break;
                default:
                    yield break;
            }
        }
    }

    /// <summary>Where a reader looks: the name of the method, not the whole chain before it.</summary>
    public static Location NameOf(IInvocationOperation call)
        => call.Syntax is InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax access } ? access.Name.GetLocation() : call.Syntax.GetLocation();

    public static string Display(IInvocationOperation call) => "." + call.TargetMethod.Name + (call.Arguments.Length > 1 ? "(…)" : "()");

    /// <summary>The variable, field or property that stands at the inner end of a query: that of the context, as far as it can be seen.</summary>
    public static ISymbol? RootOf(IOperation? operation)
    {
        while (operation is not null)
        {
            operation = Unwrap(operation);
            switch (operation)
            {
                case ILocalReferenceOperation local:
                    return local.Local;
                case IParameterReferenceOperation parameter:
                    return parameter.Parameter;
                case IInstanceReferenceOperation instance:
                    return instance.Type;
                case IFieldReferenceOperation { Field: var field } read when read.Instance is null or IInstanceReferenceOperation && !IsSet(field.Type):
                    return field;
                case IPropertyReferenceOperation { Property: var property } read when read.Instance is null or IInstanceReferenceOperation && !IsSet(property.Type):
                    return property;
                case IMemberReferenceOperation member:
                    operation = member.Instance;
                    break;
                case IInvocationOperation { Instance: { } on }:
                    operation = on;
                    break;
                default:
                    operation = SourceOf(operation);
                    break;
            }
        }

        return null;
    }

    private static bool IsSet(ITypeSymbol type) => type.Name is "DbSet" or "IQueryable" or "DatabaseFacade";
}
