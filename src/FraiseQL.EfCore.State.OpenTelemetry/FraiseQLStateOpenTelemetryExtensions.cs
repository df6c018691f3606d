using FraiseQL.EfCore.State;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

// ReSharper disable once CheckNamespace
namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds what FraiseQL state reports to OpenTelemetry. Thread-safe as far as the builders are; calling it twice changes nothing.</summary>
public static class FraiseQLStateOpenTelemetryExtensions
{
    /// <summary>
    /// Collects the metrics of all contexts of this process. Histograms have buckets of their own, fit for microseconds to hours; a view may replace them.
    /// </summary>
    /// <param name="builder">The builder of <c>WithMetrics</c>.</param>
    /// <returns>The same builder.</returns>
    public static MeterProviderBuilder AddFraiseQLState(this MeterProviderBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.AddMeter(FraiseQLStateDiagnostics.MeterName);
    }

    /// <summary>
    /// Collects the traces: look-ups, invalidations, and deliveries of events, which belong to or are linked with the trace of the write. With it, the
    /// listener reads from the log what writers say of their traces.
    /// </summary>
    /// <param name="builder">The builder of <c>WithTracing</c>.</param>
    /// <returns>The same builder.</returns>
    public static TracerProviderBuilder AddFraiseQLState(this TracerProviderBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.AddSource(FraiseQLStateDiagnostics.ActivitySourceName);
    }
}
