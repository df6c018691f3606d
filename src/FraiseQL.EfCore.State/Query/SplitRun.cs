using System.Runtime.CompilerServices;
using FraiseQL.EfCore.State.Cache;
using FraiseQL.EfCore.State.EventLog;
using FraiseQL.EfCore.State.Keys;
using FraiseQL.EfCore.State.Rows;
using FraiseQL.EfCore.State.Writes;

namespace FraiseQL.EfCore.State.Query;

/// <summary>
/// One execution of a split query: its root and its children are commands of their own, which EF gives the same instance of parameter values.
/// Their rows become one entry, or answer from one. See decision 0220.
/// </summary>
/// <remarks>Belongs to one enumeration, so not thread-safe.</remarks>
internal sealed class SplitRun
{
    private static readonly ConditionalWeakTable<object, SplitRun> s_runs = [];

    private readonly QueryPlan _root;
    private readonly List<BundlePart> _parts = [];
    private readonly Dictionary<int, ulong> _cells = [];
    private readonly HashSet<int> _pendingCells = [];
    private readonly HashSet<string> _relations = new(StringComparer.Ordinal);
    private Origin? _origin;
    private PgSnapshot? _seen;
    private bool _isNew;

    private SplitRun(QueryPlan root) => _root = root;

    /// <summary>
    /// Where the entry is that answers or is being made; <see langword="null"/> when every command goes to the database, as if nothing were
    /// marked.
    /// </summary>
    public Lookup? Lookup => _origin?.Lookup;

    /// <summary>Whether the root's rows came from an entry.</summary>
    public bool IsHit { get; private set; }

    public int RowCount { get; private set; }

    public long Bytes { get; private set; }

    /// <summary>The run of these parameter values, unless the plan is its root's: then the query is enumerated anew.</summary>
    public static SplitRun? Find(object values, QueryPlan plan)
        => s_runs.TryGetValue(values, out var run) && !ReferenceEquals(run._root, plan) ? run : null;

    public static SplitRun Begin(object values, QueryPlan root)
    {
        var run = new SplitRun(root);
        s_runs.AddOrUpdate(values, run);
        return run;
    }

    /// <summary>The root is answered from an entry that was fresh when this node knew of <paramref name="stamp"/>.</summary>
    public void Answers(Lookup lookup, CachedEntry entry, StateSession session, long stamp)
    {
        var bundle = entry.Bundle!;
        IsHit = true;
        _origin = new Origin(lookup, session, entry.Rows, entry.Snapshot, entry.CreatedAt, entry.Ttl, stamp);
        _seen = bundle.Seen ?? entry.Snapshot;
        _parts.AddRange(bundle.Parts);
        Depend(bundle.Cells, bundle.Columns);
        _pendingCells.UnionWith(bundle.PendingCells);
        _relations.UnionWith(bundle.Relations);
    }

    /// <summary>The root's rows were read; stamp and snapshot were taken before.</summary>
    public void Fills(Lookup lookup, RowSetBuilder builder, RowSet rows, StateSession session, PgSnapshot snapshot, DateTimeOffset createdAt, long stamp)
    {
        _origin = new Origin(lookup, session, rows, snapshot, createdAt, lookup.Policy.LongestTtl, stamp);
        _seen = snapshot;
        _isNew = true;
        Depend(_root, lookup.Policy, lookup.Key!);
        Count(builder);
    }

    /// <summary>A child's rows were read, and nothing later than <paramref name="seen"/> is among them.</summary>
    public void Add(QueryPlan plan, EffectivePolicy policy, CacheKey key, RowSetBuilder builder, RowSet rows, PgSnapshot seen)
    {
        // Nobody tells a node that does not listen what was committed in between: then nothing may have been.
        if (_origin is null || !(_origin.Lookup.Database.Ledger.Listening || seen.Equals(_seen)))
        {
            GiveUp();
            return;
        }

        _parts.Add(new BundlePart(plan.Id, rows));
        _seen = seen;
        _isNew = true;
        Depend(plan, policy, key);
        Count(builder);
    }

    /// <summary>One of the results cannot be kept, so none is.</summary>
    public void GiveUp()
    {
        _isNew = false;
        if (!IsHit)
        {
            _origin = null;
        }
    }

    public RowSet? Find(QueryPlan plan)
    {
        foreach (var part in _parts)
        {
            if (plan.Id.AsSpan().SequenceEqual(part.Plan))
            {
                return part.Rows;
            }
        }

        return null;
    }

    /// <summary>EF has read the root's rows to the end, so the children that belong to them have been read too.</summary>
    public void RootRead()
    {
        if (_origin is not { } origin || !_isNew)
        {
            return;
        }

        _isNew = false;
        var (lookup, session, rows, snapshot, createdAt, ttl, stamp) = origin;
        var listening = lookup.Database.Ledger.Listening;

        var isOneMoment = listening && _seen!.Equals(snapshot);
        var bundle = new QueryBundle(isOneMoment ? null : _seen, [.. _relations.Order(StringComparer.Ordinal)], [.. _cells.Keys], [.. _cells.Values], [.. _pendingCells], [.. _parts]);
        var entry = new CachedEntry(rows, listening ? snapshot : null, createdAt, ttl, stamp, bundle) { Tally = lookup.Policy.TallyOf(_root, session.Runtime.Statistics) };
        session.Runtime.Store.StoreInL1(lookup.Key!, entry, lookup.Policy.L1Ttl);
        session.Runtime.Store.StoreInL2(lookup.Key!, entry, lookup.Policy.L2Ttl, lookup.Log);
        session.Stored(_root, lookup.Policy, entry);
    }

    private void Depend(QueryPlan plan, EffectivePolicy policy, CacheKey key)
    {
        Depend(key.Cells, key.Columns);
        _pendingCells.UnionWith(key.PendingCells);
        _relations.UnionWith(plan.Dependencies.Select(d => d.Table.Relation));
        _relations.UnionWith(policy.FurtherTables.Select(t => t.Relation));
    }

    private void Depend(int[] cells, ulong[]? columns)
    {
        for (var i = 0; i < cells.Length; i++)
        {
            _cells[cells[i]] = _cells.GetValueOrDefault(cells[i]) | (columns?[i] ?? ColumnMask.All);
        }
    }

    private void Count(RowSetBuilder builder)
    {
        RowCount += builder.RowCount;
        Bytes += builder.Bytes;
    }

    private sealed record Origin(
        Lookup Lookup, StateSession Session, RowSet Rows, PgSnapshot? Snapshot, DateTimeOffset CreatedAt, TimeSpan Ttl, long Stamp);
}
