using System.Collections.Concurrent;
using System.Threading.Channels;
using FraiseQL.EfCore.State.Diagnostics;
using FraiseQL.EfCore.State.Keys;
using Npgsql;

namespace FraiseQL.EfCore.State.Checks;

/// <summary>The way from the hits to the checker: which are sampled, those that wait, and what became of them. Thread-safe.</summary>
internal sealed class ConsistencyChecks : IConsistencyChecks
{
    private const int MostWaiting = 64;
    private const int MostRemembered = 16;

    private readonly Channel<Sample> _waiting;
    private readonly ConcurrentDictionary<DatabaseIdentity, NpgsqlConnection> _connections = new();
    private readonly ConcurrentQueue<ConsistencyViolation> _violations = new();
    private readonly ConcurrentDictionary<object, Action<ConsistencyViolation>> _actions = new();
    private KeyValuePair<string, object?> _context = StateMetrics.ContextTag(StateMetrics.NoName);
    private long _consistent;
    private long _changed;
    private long _inconsistent;
    private long _skipped;
    private long _dropped;

    public ConsistencyChecks(double rate)
    {
        Rate = rate;
        _waiting = Channel.CreateBounded<Sample>(new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.Wait, SingleReader = true });
        StateMetrics.Observe(this);
    }

    /// <summary>The share of the hits that is checked. Written seldom, by one thread; whoever reads it late takes a few more, or fewer.</summary>
    public double Rate { get; set; }

    /// <summary>Says whose metrics these are.</summary>
    public void Name(in KeyValuePair<string, object?> context)
    {
        _context = context;
        StateMetrics.Observe(this, (string)context.Value!);
    }

    public long Consistent => Interlocked.Read(ref _consistent);

    public long Changed => Interlocked.Read(ref _changed);

    public long Inconsistent => Interlocked.Read(ref _inconsistent);

    public long Skipped => Interlocked.Read(ref _skipped);

    public long Dropped => Interlocked.Read(ref _dropped);

    public double Ratio => Inconsistent == 0 ? 1 : (double)Consistent / (Consistent + Inconsistent);

    public IReadOnlyList<ConsistencyViolation> Violations => [.. _violations];

    public ChannelReader<Sample> Waiting => _waiting.Reader;

    /// <summary>Whether this hit is one of those that are checked.</summary>
    public bool Takes() => Rate >= 1 || Random.Shared.NextDouble() < Rate;

    /// <summary>Whether there is room for one more; when not, it is counted, and nothing need be made of it.</summary>
    public bool HasRoom()
    {
        if (_waiting.Reader.Count < MostWaiting)
        {
            return true;
        }

        Drop();
        return false;
    }

    public void Offer(Sample sample)
    {
        if (!_waiting.Writer.TryWrite(sample))
        {
            sample.Command.Dispose();
            Drop();
        }
    }

    /// <summary>A connection of the checker's own to a database, made from the one of a request, which is the only one that has its password.</summary>
    public void Connect(DatabaseIdentity database, Func<NpgsqlConnection> connection)
    {
        if (!_connections.ContainsKey(database) && connection() is var made && !_connections.TryAdd(database, made))
        {
            made.Dispose();
        }
    }

    public NpgsqlConnection ConnectionTo(DatabaseIdentity database) => _connections[database];

    public async ValueTask CloseAsync()
    {
        foreach (var connection in _connections.Values)
        {
            await connection.DisposeAsync().ConfigureAwait(false);
        }
    }

    public void FoundConsistent() => Count(ref _consistent, "consistent");

    public void FoundChanged() => Count(ref _changed, "changed");

    public void Skip() => Count(ref _skipped, "skipped");

    private void Drop() => Count(ref _dropped, "dropped");

    public void Found(ConsistencyViolation violation)
    {
        _violations.Enqueue(violation);
        while (_violations.Count > MostRemembered)
        {
            _violations.TryDequeue(out _);
        }

        Count(ref _inconsistent, "inconsistent");
        foreach (var action in _actions.Values)
        {
            try
            {
                action(violation);
            }
#pragma warning disable CA1031 // The application's; the checker goes on.
            catch (Exception)
#pragma warning restore CA1031
            {
                // Said in the documentation of OnViolation.
            }
        }
    }

    public IDisposable OnViolation(Action<ConsistencyViolation> action)
    {
        ArgumentNullException.ThrowIfNull(action);
        var registration = new Registration(this);
        _actions[registration] = action;
        return registration;
    }

    private void Count(ref long count, string result)
    {
        Interlocked.Increment(ref count);
        StateMetrics.Checked(result, _context);
    }

    private sealed class Registration(ConsistencyChecks owner) : IDisposable
    {
        public void Dispose() => owner._actions.TryRemove(this, out _);
    }
}
