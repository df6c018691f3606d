namespace FraiseQL.EfCore.State.Diagnostics;

/// <summary>How a delivery to the handlers ended; the order is that of <see cref="StateMetrics"/>.</summary>
internal enum HandlerOutcome
{
    Handled,
    Retried,
    Parked,
    Skipped,
    Duplicate,
}
