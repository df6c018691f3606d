using FraiseQL.EfCore.State.Listener;
using FraiseQL.EfCore.State.Setup;
using FraiseQL.EfCore.State.Statistics;

namespace FraiseQL.EfCore.State.AspNetCore;

/// <summary>
/// The last 15 minutes, a point a second, while somebody looks and for a while after. Before the first look and two minutes after the last one it
/// does nothing at all.
/// </summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class Sampler : IDisposable
{
    public const int Capacity = 900;

    // Percentiles of the last seconds: one second of a quiet application has too few.
    private const int Window = 10;
    private const int GroupsEvery = 2;

    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);
    private static readonly CacheOutcome[] s_timed = [CacheOutcome.L1Hit, CacheOutcome.L2Hit, CacheOutcome.Miss];

    private readonly Lock _gate = new();
    private readonly StateRuntime _runtime;
    private readonly ListenerStatus _listener;
    private readonly GroupWatch _groups;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private readonly Queue<SamplePoint> _points = new();
    private readonly Queue<long[][]> _times = new();
    private Totals? _last;
    private long _lastAt;
    private long _askedAt;
    private bool _isRunning;
    private bool _isDisposed;
    private int _ticks;

    public Sampler(StateRuntime runtime, ListenerStatus listener, GroupWatch groups, TimeProvider time)
    {
        _runtime = runtime;
        _listener = listener;
        _groups = groups;
        _time = time;
        _timer = time.CreateTimer(static sampler => ((Sampler)sampler!).Tick(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public bool IsRunning
    {
        get
        {
            lock (_gate)
            {
                return _isRunning;
            }
        }
    }

    /// <summary>Somebody looks: points are taken from now on.</summary>
    public void Look()
    {
        lock (_gate)
        {
            _askedAt = _time.GetTimestamp();
            if (_isRunning || _isDisposed)
            {
                return;
            }

            _isRunning = true;
            _last = null;
            QueryTallies.Watch();
            _timer.Change(TimeSpan.Zero, s_interval);
        }
    }

    /// <summary>The points after a time in milliseconds since 1970, the oldest first.</summary>
    public SamplePoint[] After(long at)
    {
        lock (_gate)
        {
            return [.. _points.Where(p => p.At > at)];
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _isDisposed = true;
            End();
        }

        _timer.Dispose();
    }

    private void Tick()
    {
        lock (_gate)
        {
            if (!_isRunning)
            {
                return;
            }

            if (_time.GetElapsedTime(_askedAt) > s_patience)
            {
                End();
                _ = _groups.EndAsync();
                return;
            }

            Take();
        }

        if (_ticks++ % GroupsEvery == 0)
        {
            _ = _groups.ReadAsync();
        }
    }

    private void End()
    {
        if (_isRunning)
        {
            _isRunning = false;
            _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _times.Clear();
            QueryTallies.Unwatch();
        }
    }

    private void Take()
    {
        var now = _time.GetTimestamp();
        var totals = Totals.Of(_runtime);
        long[][] times = [.. s_timed.Select(outcome => _runtime.Statistics.TimesOf(outcome).Counts())];
        if (_last is { } last && _time.GetElapsedTime(_lastAt, now).TotalSeconds is var seconds and > 0)
        {
            var since = _times.Peek();
            double? Microseconds(int level, double share) => ValueHistogram.Percentile(times[level], share, since[level]) / 1000;
            var groups = _groups.Groups;
            _points.Enqueue(new SamplePoint
            {
                At = _time.GetUtcNow().ToUnixTimeMilliseconds(),
                L1 = (totals.L1 - last.L1) / seconds,
                L2 = (totals.L2 - last.L2) / seconds,
                Stale = (totals.Stale - last.Stale) / seconds,
                Miss = (totals.Miss - last.Miss) / seconds,
                Bypass = (totals.Bypass - last.Bypass) / seconds,
                HitRatio = totals.Requests == last.Requests ? null : (double)(totals.Hits - last.Hits) / (totals.Requests - last.Requests),
                Invalidations = (totals.Invalidations - last.Invalidations) / seconds,
                Changes = (totals.Changes - last.Changes) / seconds,
                Lag = _listener.HeardAt == 0 ? null : _listener.Lag.TotalMilliseconds,
                Waiting = _groups.Error is null ? groups.Sum(g => g.Waiting) : null,
                Parked = _groups.Error is null ? groups.Sum(g => g.Parked) : null,
                Bytes = _runtime.Store.Memory.Bytes,
                Entries = _runtime.Store.Memory.Count,
                SharedReads = (totals.SharedReads - last.SharedReads) / seconds,
                SharedWrites = (totals.SharedWrites - last.SharedWrites) / seconds,
                SharedErrors = (totals.SharedErrors - last.SharedErrors) / seconds,
                Consistency = _runtime.Checker is null ? null : _runtime.Checks.Ratio,
                L1Median = Microseconds(0, 0.5),
                L1Slow = Microseconds(0, 0.99),
                L2Median = Microseconds(1, 0.5),
                L2Slow = Microseconds(1, 0.99),
                MissMedian = Microseconds(2, 0.5),
                MissSlow = Microseconds(2, 0.99),
            });
            if (_points.Count > Capacity)
            {
                _points.Dequeue();
            }
        }

        _times.Enqueue(times);
        if (_times.Count > Window)
        {
            _times.Dequeue();
        }

        (_last, _lastAt) = (totals, now);
    }

    private sealed record Totals(
        long L1, long L2, long Stale, long Miss, long Bypass, long Invalidations, long Changes, long SharedReads, long SharedWrites, long SharedErrors)
    {
        public long Hits => L1 + L2 + Stale;

        public long Requests => Hits + Miss + Bypass;

        public static Totals Of(StateRuntime runtime)
        {
            var counts = new long[6];
            foreach (var tally in runtime.Statistics.All)
            {
                for (var outcome = CacheOutcome.L1Hit; outcome <= CacheOutcome.Stale; outcome++)
                {
                    counts[(int)outcome] += tally.Count(outcome);
                }
            }

            return new Totals(
                counts[(int)CacheOutcome.L1Hit], counts[(int)CacheOutcome.L2Hit], counts[(int)CacheOutcome.Stale], counts[(int)CacheOutcome.Miss],
                counts[(int)CacheOutcome.Bypass], runtime.Statistics.Invalidations, runtime.Statistics.Changes, runtime.Shared?.Reads ?? 0, runtime.Shared?.Writes ?? 0,
                (runtime.Shared?.Failures ?? 0) + (runtime.Shared?.Skipped ?? 0));
        }
    }
}
