using System.Collections.Concurrent;
using FraiseQL.EfCore.State.Cache;

namespace FraiseQL.EfCore.State;

/// <summary>
/// Everything that one request does, in whatever contexts: what is required holds for all of them, and what one of them has written the others never miss,
/// at any level. <c>using var scope = ConsistencyScope.Begin(token);</c>
/// </summary>
/// <remarks>
/// Flows with the asynchronous call, as <see cref="AsyncLocal{T}"/> does: begin it in the method that awaits the rest. A scope within another one holds what
/// the outer one holds. Thread-safe.
/// </remarks>
public sealed class ConsistencyScope : IDisposable
{
    private static readonly AsyncLocal<ConsistencyScope?> s_current = new();
    private static volatile bool s_isUsed;

    private readonly ConsistencyScope? _outer;
    private readonly ConcurrentDictionary<FreshnessLedger, long> _writes = new();
    private readonly Lock _gate = new();
    private ConsistencyToken? _token;

    private ConsistencyScope(ConsistencyScope? outer, ConsistencyToken? token)
    {
        _outer = outer;
        _token = outer?.Token is { } inherited ? inherited.Merge(token) : token;
    }

    /// <summary>The innermost scope of the current asynchronous call; <see langword="null"/> when there is none.</summary>
    public static ConsistencyScope? Current => s_isUsed ? s_current.Value : null;

    /// <summary>What every cacheable query in the scope must at least see; <see langword="null"/> when nothing is required.</summary>
    public ConsistencyToken? Token => Volatile.Read(ref _token);

    /// <summary>Begins a scope, which ends when it is disposed.</summary>
    /// <param name="token">What is required in it; <see langword="null"/> for nothing yet.</param>
    /// <returns>The scope.</returns>
    public static ConsistencyScope Begin(ConsistencyToken? token = null)
    {
        var scope = new ConsistencyScope(s_current.Value, token);
        s_isUsed = true;
        s_current.Value = scope;
        return scope;
    }

    /// <summary>Requires more from here on, in addition to what is required.</summary>
    /// <param name="token">What must at least be seen.</param>
    public void Require(ConsistencyToken token)
    {
        ArgumentNullException.ThrowIfNull(token);
        lock (_gate)
        {
            Volatile.Write(ref _token, token.Merge(_token));
        }
    }

    /// <summary>Ends the scope. What began in it and goes on keeps what it required.</summary>
    public void Dispose()
    {
        if (ReferenceEquals(s_current.Value, this))
        {
            s_current.Value = _outer;
        }
    }

    /// <summary>A context has committed: entries that were checked before this epoch are older than that.</summary>
    internal void Wrote(FreshnessLedger ledger, long epoch)
    {
        for (var scope = this; scope is not null; scope = scope._outer)
        {
            scope._writes.AddOrUpdate(ledger, epoch, (_, before) => Math.Max(before, epoch));
        }
    }

    internal long LastWrite(FreshnessLedger ledger) => _writes.TryGetValue(ledger, out var epoch) ? Math.Max(epoch, _outer?.LastWrite(ledger) ?? 0) : _outer?.LastWrite(ledger) ?? 0;
}
