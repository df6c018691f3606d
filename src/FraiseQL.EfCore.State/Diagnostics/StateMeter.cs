using System.Diagnostics.Metrics;

namespace FraiseQL.EfCore.State.Diagnostics;

/// <summary>The one meter of the process. A type of its own: the fields of <see cref="StateMetrics"/> are in several files, in no sure order.</summary>
internal static class StateMeter
{
    public static readonly Meter Instance = new(FraiseQLStateDiagnostics.MeterName);
}
