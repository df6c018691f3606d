namespace FraiseQL.EfCore.State;

/// <summary>Names under which FraiseQL state reports to logging and OpenTelemetry.</summary>
public static class FraiseQLStateDiagnostics
{
    /// <summary>The category of all log messages.</summary>
    public const string LoggerName = "FraiseQL.EfCore.State";

    /// <summary>The name of the meter of all instruments.</summary>
    public const string MeterName = "FraiseQL.EfCore.State";
}
