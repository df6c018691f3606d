using FraiseQL.EfCore.State.Listener;
using Microsoft.Extensions.Logging;

namespace FraiseQL.EfCore.State.Setup;

/// <summary>What this process knows about one database: options, clock, freshness, and the doorbell of its listener.</summary>
internal sealed class StateRuntime
{
    public StateRuntime(FraiseQLStateOptions options, TimeProvider time, ILoggerFactory loggers)
    {
        Options = options;
        Time = time;
        Loggers = loggers;
    }

    public FraiseQLStateOptions Options { get; }

    public TimeProvider Time { get; }

    public ILoggerFactory Loggers { get; }

    /// <summary>Rung by a local commit, so that the listener looks at once.</summary>
    public WakeSignal ListenerWake { get; } = new();
}
