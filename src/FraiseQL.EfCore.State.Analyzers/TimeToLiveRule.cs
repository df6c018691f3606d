using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace FraiseQL.EfCore.State.Analyzers;

/// <summary>FQS006: times that the library refuses with an exception, where they can be read off the code.</summary>
internal static class TimeToLiveRule
{
    private static readonly TimeSpan s_longest = TimeSpan.FromDays(365);

    public static void Check(OperationAnalysisContext context, IInvocationOperation call, KnownTypes types)
    {
        var owner = call.TargetMethod.ContainingType;
        if (!types.IsMark(call.TargetMethod) && !KnownTypes.Same(owner, types.Options) && !KnownTypes.Same(owner, types.EntityOptions)
            && !(KnownTypes.Same(owner, types.ContextOptions) && call.TargetMethod.Name == "CacheAllQueries"))
        {
            return;
        }

        foreach (var argument in call.Arguments)
        {
            var value = QueryChain.Unwrap(argument.Value);
            if (argument.ArgumentKind == ArgumentKind.Explicit && KnownTypes.Same(value.Type, types.TimeSpan)
                && Evaluate(value) is { } time && (time <= TimeSpan.Zero || time > s_longest))
            {
                context.ReportDiagnostic(Diagnostic.Create(Rules.TimeToLive, argument.Syntax.GetLocation(), argument.Syntax.ToString()));
            }
        }
    }

    private static TimeSpan? Evaluate(IOperation value)
    {
        switch (value)
        {
            case IDefaultValueOperation:
            case IObjectCreationOperation { Arguments.Length: 0 }:
                return TimeSpan.Zero;
            case IFieldReferenceOperation { Field: { IsStatic: true, ContainingType: { } owner, Name: var name } }:
                return (owner.ToDisplayString(), name) switch
                {
                    ("System.TimeSpan", "Zero") => TimeSpan.Zero,
                    ("System.TimeSpan", "MaxValue") => TimeSpan.MaxValue,
                    ("System.TimeSpan", "MinValue") => TimeSpan.MinValue,
                    ("System.Threading.Timeout", "InfiniteTimeSpan") => TimeSpan.FromMilliseconds(-1),
                    _ => null,
                };
            case IUnaryOperation { OperatorKind: UnaryOperatorKind.Minus, Operand: var operand }:
                return Evaluate(QueryChain.Unwrap(operand)) is { } positive && positive != TimeSpan.MinValue ? -positive : null;
            case IInvocationOperation { TargetMethod: { IsStatic: true, ContainingType: { Name: "TimeSpan" } } } call:
                return Evaluate(call);
            default:
                return null;
        }
    }

    private static TimeSpan? Evaluate(IInvocationOperation call)
    {
        var unit = call.TargetMethod.Name switch
        {
            "FromDays" => TimeSpan.FromDays(1),
            "FromHours" => TimeSpan.FromHours(1),
            "FromMinutes" => TimeSpan.FromMinutes(1),
            "FromSeconds" => TimeSpan.FromSeconds(1),
            "FromMilliseconds" => TimeSpan.FromMilliseconds(1),
            "FromTicks" => TimeSpan.FromTicks(1),
            _ => TimeSpan.Zero,
        };
        var given = call.Arguments.Where(a => a.ArgumentKind == ArgumentKind.Explicit).ToArray();
        if (unit == TimeSpan.Zero || given.Length != 1 || given[0].Value.ConstantValue is not { HasValue: true, Value: { } constant })
        {
            return null;
        }

        var ticks = Convert.ToDouble(constant, System.Globalization.CultureInfo.InvariantCulture) * unit.Ticks;
        return ticks >= long.MaxValue ? TimeSpan.MaxValue : ticks <= long.MinValue ? TimeSpan.MinValue : TimeSpan.FromTicks((long)ticks);
    }
}
