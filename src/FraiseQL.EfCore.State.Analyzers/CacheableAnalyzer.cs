using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace FraiseQL.EfCore.State.Analyzers;

/// <summary>Looks at each <c>.Cacheable(…)</c> once, and at every time to live. What it does not understand it does not report.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
internal sealed class CacheableAnalyzer : DiagnosticAnalyzer
{
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } = ImmutableArray.Create(
        Rules.Materialized, Rules.Ignored, Rules.InTransaction, Rules.OpaqueSql, Rules.NewEachTime, Rules.TimeToLive, Rules.Write, Rules.Nested);

    public override void Initialize(AnalysisContext context)
    {
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.EnableConcurrentExecution();
        context.RegisterCompilationStartAction(static start =>
        {
            if (KnownTypes.Find(start.Compilation) is { } types)
            {
                start.RegisterOperationAction(operation => Analyze(operation, types), OperationKind.Invocation);
            }
        });
    }

    private static void Analyze(OperationAnalysisContext context, KnownTypes types)
    {
        var call = (IInvocationOperation)context.Operation;
        TimeToLiveRule.Check(context, call, types);
        if (!types.IsMark(call.TargetMethod))
        {
            return;
        }

        MarkRules.CheckIgnored(context, call, types);
        if (call.TargetMethod.Name == "NotCacheable" || MarkRules.CheckNested(context, call, types) || MarkRules.CheckWrite(context, call)
            || MarkRules.CheckMaterialized(context, call, types))
        {
            return;
        }

        OpaqueSqlRule.Check(context, call);
        TransactionRule.Check(context, call, types);
        NewEachTimeRule.Check(context, call, types);
    }
}
