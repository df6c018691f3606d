namespace FraiseQL.EfCore.State;

/// <summary>Names under which FraiseQL state reports to logging and OpenTelemetry.</summary>
public static class FraiseQLStateDiagnostics
{
    /// <summary>The category of all log messages.</summary>
    public const string LoggerName = "FraiseQL.EfCore.State";

    /// <summary>The name of the meter of all instruments.</summary>
    public const string MeterName = "FraiseQL.EfCore.State";

    /// <summary>The name of the source of all activities: cache look-ups, invalidations, and deliveries to handlers, which continue the writer's trace.</summary>
    public const string ActivitySourceName = "FraiseQL.EfCore.State";
}
