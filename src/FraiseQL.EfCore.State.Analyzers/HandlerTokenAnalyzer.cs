using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace FraiseQL.EfCore.State.Analyzers;

/// <summary>FQS007: calls of a handler that could be cancelled, and are not. Who passes another token, or none on purpose, is not told.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
internal sealed class HandlerTokenAnalyzer : DiagnosticAnalyzer
{
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } = ImmutableArray.Create(Rules.HandlerToken);

    public override void Initialize(AnalysisContext context)
    {
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.EnableConcurrentExecution();
        context.RegisterCompilationStartAction(static start =>
        {
            if (KnownTypes.Find(start.Compilation) is { Handler: not null, HandlerMethods: not null, CancellationToken: not null } types)
            {
                start.RegisterOperationAction(operation => Analyze(operation, types), OperationKind.Invocation);
            }
        });
    }

    private static void Analyze(OperationAnalysisContext context, KnownTypes types)
    {
        var call = (IInvocationOperation)context.Operation;
        if (TokenOf(call, context, types) is { } token && CouldTakeOne(call, types))
        {
            context.ReportDiagnostic(Diagnostic.Create(
                Rules.HandlerToken, QueryChain.NameOf(call), ImmutableDictionary<string, string?>.Empty.Add("token", token.Name), call.TargetMethod.Name));
        }
    }

    /// <summary>The token of the handler whose body the call stands in; null elsewhere.</summary>
    private static IParameterSymbol? TokenOf(IInvocationOperation call, OperationAnalysisContext context, KnownTypes types)
    {
        for (var at = call.Parent; at is not null; at = at.Parent)
        {
            switch (at)
            {
                case ILocalFunctionOperation:
                    return null;
                case IAnonymousFunctionOperation lambda:
                    return IsHandler(lambda, types) ? Token(lambda.Symbol, types) : null;
            }
        }

        return context.ContainingSymbol is IMethodSymbol method && Implements(method, types) ? Token(method, types) : null;
    }

    private static bool IsHandler(IAnonymousFunctionOperation lambda, KnownTypes types)
    {
        IOperation? at = lambda.Parent;
        while (at is IConversionOperation or IDelegateCreationOperation)
        {
            at = at.Parent;
        }

        return at is IArgumentOperation { Parent: IInvocationOperation { TargetMethod: { Name: "OnEvent" } method } }
            && KnownTypes.Same(method.ContainingType, types.HandlerMethods);
    }

    private static bool Implements(IMethodSymbol method, KnownTypes types)
        => method.ContainingType.AllInterfaces.Any(i => KnownTypes.Same(i.OriginalDefinition, types.Handler)
            && i.GetMembers("HandleAsync").Any(member => KnownTypes.Same(method.ContainingType.FindImplementationForInterfaceMember(member), method)));

    private static IParameterSymbol? Token(IMethodSymbol method, KnownTypes types)
        => method.Parameters.LastOrDefault(p => KnownTypes.Same(p.Type, types.CancellationToken));

    private static bool CouldTakeOne(IInvocationOperation call, KnownTypes types)
    {
        var tokens = call.Arguments.Where(a => KnownTypes.Same(a.Parameter?.Type, types.CancellationToken)).ToArray();
        if (tokens.Length > 0)
        {
            return tokens.All(a => a.ArgumentKind == ArgumentKind.DefaultValue);
        }

        // What returns at once has nothing to cancel.
        return IsAwaitable(call.TargetMethod.ReturnType) && call.TargetMethod.ContainingType.GetMembers(call.TargetMethod.Name).OfType<IMethodSymbol>()
            .Any(other => IsSameWithToken(call.TargetMethod.OriginalDefinition, other.OriginalDefinition, types));
    }

    private static bool IsAwaitable(ITypeSymbol type) => type.Name is "Task" or "ValueTask" or "IAsyncEnumerable";

    private static bool IsSameWithToken(IMethodSymbol method, IMethodSymbol other, KnownTypes types)
        => other.Parameters.Length == method.Parameters.Length + 1 && other.IsStatic == method.IsStatic && other.Arity == method.Arity
            && other.DeclaredAccessibility == Accessibility.Public
            && KnownTypes.Same(other.Parameters[other.Parameters.Length - 1].Type, types.CancellationToken)
            && method.Parameters.Zip(other.Parameters, (a, b) => a.Type.ToDisplayString() == b.Type.ToDisplayString() && a.IsParams == b.IsParams).All(same => same);
}
