using FraiseQL.EfCore.State.Diagnostics;
using FraiseQL.EfCore.State.EventLog;

namespace FraiseQL.EfCore.State.Listener;

/// <summary>How the listener of one context is doing, for health checks and metrics. Thread-safe; one writer.</summary>
internal sealed class ListenerStatus
{
    private readonly TimeProvider _time;
    private readonly TaskCompletionSource _firstLook = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _heardAt;
    private long _pending;
    private long _lastLook;
    private long _reconnects;
    private long _pulse;
    private bool _isCheckWanted;
    private volatile bool _connected;
    private volatile string _log = "";
    private volatile PgSnapshot? _position;
    private volatile IReadOnlyList<string> _captureProblems = [];

    /// <summary>Whether the listener is connected and has caught up at least once on this connection.</summary>
    public bool Connected => _connected;

    /// <summary>Completes when the log was read to its end for the first time: from then on, what is cached can be served.</summary>
    public Task FirstLook => _firstLook.Task;

    /// <summary>Timestamp (of the runtime's <see cref="TimeProvider"/>) of the start of the last completed look at the log; 0 before the first.</summary>
    public long HeardAt => Interlocked.Read(ref _heardAt);

    /// <summary>Everything visible in it has been handed to the consumers; <see langword="null"/> before the first look.</summary>
    public PgSnapshot? Position => _position;

    /// <summary>How long the last completed look at the log took, from the question to the last consumer.</summary>
    public TimeSpan LastLook => TimeSpan.FromTicks(Interlocked.Read(ref _lastLook));

    /// <summary>Connections that were lost since the process began.</summary>
    public long Reconnects => Interlocked.Read(ref _reconnects);

    /// <summary>How long ago the listener's loop did anything at all, with or without a connection.</summary>
    public TimeSpan SincePulse => _time.GetElapsedTime(Interlocked.Read(ref _pulse));

    /// <summary>Which log is followed; empty before the first connection.</summary>
    public string Log => _log;

    /// <summary>Changes handed over from a window that has not been read to its end: more than zero only during a long catch-up.</summary>
    public long Pending => Interlocked.Read(ref _pending);

    /// <summary>What is wrong with the triggers, for the user; empty when all is well.</summary>
    public IReadOnlyList<string> CaptureProblems => _captureProblems;

    /// <summary>Rung when there are changes, for whoever reads the log on its own account.</summary>
    public WakeSignals Changes { get; } = new();

    /// <summary>Rung by every notification of the server that reaches the listener.</summary>
    public WakeSignals Notifications { get; } = new();

    /// <summary>How long ago everything visible in the log had been handed over.</summary>
    public TimeSpan Lag => _time.GetElapsedTime(HeardAt);

    public ListenerStatus(TimeProvider? time = null, string name = StateMetrics.NoName)
    {
        _time = time ?? TimeProvider.System;
        Pulse();
        StateMetrics.Observe(this, name);
    }

    public void Follows(string log) => _log = log;

    public void Disconnected() => _connected = false;

    public void ConnectionLost() => Interlocked.Increment(ref _reconnects);

    /// <summary>Says that the loop goes round.</summary>
    public void Pulse() => Interlocked.Exchange(ref _pulse, _time.GetTimestamp());

    public void Streaming(int changes)
    {
        Pulse();
        Interlocked.Add(ref _pending, changes);
    }

    public void CaughtUp(PgSnapshot position, long startedAt)
    {
        _position = position;
        Interlocked.Exchange(ref _heardAt, startedAt);
        Interlocked.Exchange(ref _pending, 0);
        Interlocked.Exchange(ref _lastLook, Lag.Ticks);
        Pulse();
        if (!_connected)
        {
            _connected = true;
            _firstLook.TrySetResult();
        }
    }

    public void Capture(IReadOnlyList<string> problems)
    {
        Pulse();
        _captureProblems = problems;
    }

    /// <summary>Asks the listener to look at the triggers now and not only when it is time to.</summary>
    public void RequestCheck() => Volatile.Write(ref _isCheckWanted, true);

    /// <summary>Whether somebody has asked since the last call.</summary>
    public bool TakeCheckRequest() => Volatile.Read(ref _isCheckWanted) && Interlocked.Exchange(ref _isCheckWanted, false);
}
