using FraiseQL.EfCore.State.Cache;
using FraiseQL.EfCore.State.Model;
using FraiseQL.EfCore.State.Statistics;

namespace FraiseQL.EfCore.State.Query;

/// <summary>What applies to the executions of one plan after call, profile, entity and configuration have been asked. Immutable.</summary>
internal sealed record EffectivePolicy
{
    private IReadOnlyList<CapturedTable>? _furtherTables;
    private int[]? _cells;
    private EffectivePolicy? _renewing;
    private QueryTally? _tally;

    /// <summary>How long a result may be served from this process's memory.</summary>
    public required TimeSpan L1Ttl { get; init; }

    /// <summary>How long a result may be served from the shared server.</summary>
    public required TimeSpan L2Ttl { get; init; }

    /// <summary>Where the time to live comes from: <c>call</c>, <c>profile</c>, <c>entity</c>, <c>CacheAllQueries</c> or <c>default</c>.</summary>
    public required string TtlSource { get; init; }

    public string? Profile { get; init; }

    public string? Name { get; init; }

    public bool PerUser { get; init; }

    public TimeSpan? FailSafe { get; init; }

    public TimeSpan? Sliding { get; init; }

    public TimeSpan? RefreshAhead { get; init; }

    public TimeSpan? MissBudget { get; init; }

    /// <summary>Until when the log's proof renews a result whose time to live is over.</summary>
    public TimeSpan? WhileProven { get; init; }

    public ConsistencyLevel Level { get; init; }

    /// <summary>Whether a hit is served only after a look at the log that began after the query.</summary>
    public bool IsStrict => Level == ConsistencyLevel.Strict;

    /// <summary>How old an answer may be that a change has ended; <see langword="null"/> at the other levels.</summary>
    public TimeSpan? MaxStaleness { get; init; }

    /// <summary>Whether who has written may be answered with what was before that.</summary>
    public bool OwnWritesToo { get; init; }

    /// <summary>Whether the tables that the query reads end nothing, only what is declared does.</summary>
    public bool IgnoresOwnTables { get; init; }

    /// <summary>Why, when the configuration or <c>Invalidation(…)</c> says so.</summary>
    public InvalidationStrategy Strategy { get; init; }

    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Tables that the result was declared to depend on, whole.</summary>
    public IReadOnlyList<CapturedTable> Tables { get; init; } = [];

    /// <summary>Tables under the views that the query reads, whole.</summary>
    public IReadOnlyList<CapturedTable> ViewTables
    {
        get;
        init
        {
            field = value;
            _furtherTables = null;
            _cells = null;
        }
    }

    = [];

    /// <summary>Materialised views that the query reads and whose refreshes the log tells.</summary>
    public IReadOnlyList<string> RefreshedViews
    {
        get;
        init
        {
            field = value;
            _cells = null;
        }
    }

    = [];

    /// <summary>Why the views cannot be traced to tables.</summary>
    public Refusal? ViewRefusal { get; init; }

    /// <summary>All tables that the plan does not name itself.</summary>
    public IReadOnlyList<CapturedTable> FurtherTables => _furtherTables ??= ViewTables.Count == 0 ? Tables : [.. Tables, .. ViewTables];

    /// <summary>Whether the result depends on something else than the plan says.</summary>
    public bool HasFurtherDependencies => DeclaresDependencies || ViewTables.Count > 0 || RefreshedViews.Count > 0 || IgnoresOwnTables;

    /// <summary>Whether somebody said what SQL depends on that the cache cannot read.</summary>
    public bool DeclaresDependencies => Tags.Count > 0 || Tables.Count > 0;

    /// <summary>Whether a hit must look at more than the freshness of its entry and the end of its time in memory.</summary>
    public bool LooksFurther => IsStrict || MaxStaleness is not null || FailSafe is not null || Sliding is not null || RefreshAhead is not null;

    /// <summary>
    /// The same while the log proves each hit: the time to live is then the one that nothing exceeds. It is this instance where nothing renews a
    /// result, or where the log cannot prove it.
    /// </summary>
    /// <param name="isProvable">Whether everything that the query reads is known, and is in the log.</param>
    public EffectivePolicy Renewing(bool isProvable)
        => WhileProven is { } longest && longest > LongestTtl && isProvable && !IgnoresOwnTables && RefreshedViews.Count == 0
            ? _renewing ??= this with { L1Ttl = longest, L2Ttl = longest }
            : this;

    /// <summary>Where executions of the plan under this policy are counted. A policy belongs to one plan and to the options of one application.</summary>
    public QueryTally TallyOf(QueryPlan plan, QueryTallies all) => _tally ??= all.Find(plan, this);

    /// <summary>The longer of the two times.</summary>
    public TimeSpan LongestTtl => L1Ttl > L2Ttl ? L1Ttl : L2Ttl;

    /// <summary>How long an entry is kept in memory: for fail-safe, beyond the time that it is served for.</summary>
    public TimeSpan Kept => FailSafe is { } bound && bound > L1Ttl ? bound : L1Ttl;

    /// <summary>The cells of tags, further tables, the query's name, and the user whose result it is. Not to be changed.</summary>
    public int[] CellsFor(string? user)
        => user is null ? Cells : [.. Cells, CellHash.User(user), .. Name is null ? [] : (int[])[CellHash.QueryOfUser(Name, user)]];

    private int[] Cells => _cells ??= 
    [
        .. Tags.Select(CellHash.Tag)
            .Concat(Name is null ? [] : [CellHash.Query(Name)])
            .Concat(FurtherTables.Select(t => CellHash.Rows(t.Relation)))
            .Concat(RefreshedViews.Select(CellHash.Rows))
            .Distinct(),
    ];
}
