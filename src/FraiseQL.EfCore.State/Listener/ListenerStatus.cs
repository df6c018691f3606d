using FraiseQL.EfCore.State.Diagnostics;
using FraiseQL.EfCore.State.EventLog;

namespace FraiseQL.EfCore.State.Listener;

/// <summary>How the listener of one context is doing, for health checks and metrics. Thread-safe; one writer.</summary>
internal sealed class ListenerStatus
{
    private readonly TimeProvider _time;
    private long _heardAt;
    private long _pending;
    private volatile bool _connected;
    private volatile string _log = "";
    private volatile PgSnapshot? _position;
    private volatile IReadOnlyList<string> _captureProblems = [];

    /// <summary>Whether the listener is connected and has caught up at least once on this connection.</summary>
    public bool Connected => _connected;

    /// <summary>Timestamp (of the runtime's <see cref="TimeProvider"/>) of the start of the last completed look at the log; 0 before the first.</summary>
    public long HeardAt => Interlocked.Read(ref _heardAt);

    /// <summary>Everything visible in it has been handed to the consumers; <see langword="null"/> before the first look.</summary>
    public PgSnapshot? Position => _position;

    /// <summary>Which log is followed; empty before the first connection.</summary>
    public string Log => _log;

    /// <summary>Changes handed over from a window that has not been read to its end: more than zero only during a long catch-up.</summary>
    public long Pending => Interlocked.Read(ref _pending);

    /// <summary>What is wrong with the triggers, for the user; empty when all is well.</summary>
    public IReadOnlyList<string> CaptureProblems => _captureProblems;

    /// <summary>Rung when there are changes, for whoever reads the log on its own account.</summary>
    public WakeSignals Changes { get; } = new();

    /// <summary>How long ago everything visible in the log had been handed over.</summary>
    public TimeSpan Lag => _time.GetElapsedTime(HeardAt);

    public ListenerStatus(TimeProvider? time = null)
    {
        _time = time ?? TimeProvider.System;
        StateMetrics.Observe(this);
    }

    public void Follows(string log) => _log = log;

    public void Disconnected() => _connected = false;

    public void Streaming(int changes) => Interlocked.Add(ref _pending, changes);

    public void CaughtUp(PgSnapshot position, long startedAt)
    {
        _position = position;
        Interlocked.Exchange(ref _heardAt, startedAt);
        Interlocked.Exchange(ref _pending, 0);
        _connected = true;
    }

    public void Capture(IReadOnlyList<string> problems) => _captureProblems = problems;
}
