using FraiseQL.EfCore.State.Query;

namespace FraiseQL.EfCore.State;

/// <summary>
/// Says how one query is cached: <c>.Cacheable(o =&gt; o.Ttl(TimeSpan.FromMinutes(5)).PerUser())</c>. What is not said comes from the profile,
/// then from the entity (<c>HasCacheProfile</c>), then from the configuration.
/// </summary>
/// <remarks>Not thread-safe. May be used in a compiled query only with values that do not depend on the query's parameters.</remarks>
public sealed class CacheableOptionsBuilder
{
    internal CacheableOptionsBuilder()
    {
    }

    internal CacheableOptions Options { get; private set; } = CacheableOptions.Default;

    /// <summary>Takes what is not said here from a profile (<see cref="CacheProfile"/>, or one of <c>Cache:Profiles</c>).</summary>
    /// <param name="name">The name of the profile.</param>
    /// <returns>The same builder.</returns>
    public CacheableOptionsBuilder Profile(string name)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        return Set(Options with { Profile = name });
    }

    /// <summary>How long a result may be served, at both levels. A change in the database ends it sooner.</summary>
    /// <param name="ttl">More than zero, at most 365 days.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="ttl"/> is zero, negative or infinite.</exception>
    public CacheableOptionsBuilder Ttl(TimeSpan ttl) => Set(Options with { Ttl = Checked(ttl, nameof(ttl)) });

    /// <summary>How long a result stays in this process's memory, when that differs from the shared level.</summary>
    /// <param name="ttl">More than zero, at most 365 days.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="ttl"/> is zero, negative or infinite.</exception>
    public CacheableOptionsBuilder L1Ttl(TimeSpan ttl) => Set(Options with { L1Ttl = Checked(ttl, nameof(ttl)) });

    /// <summary>How long a result stays on the shared server, when that differs from this process's memory.</summary>
    /// <param name="ttl">More than zero, at most 365 days.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="ttl"/> is zero, negative or infinite.</exception>
    public CacheableOptionsBuilder L2Ttl(TimeSpan ttl) => Set(Options with { L2Ttl = Checked(ttl, nameof(ttl)) });

    /// <summary>Names the query in EXPLAIN, logs and metrics: the operation's name, such as <c>GetUserPosts</c>. Keep it to a fixed set.</summary>
    /// <param name="operation">The name.</param>
    /// <returns>The same builder.</returns>
    public CacheableOptionsBuilder Named(string operation)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(operation);
        return Set(Options with { Name = operation });
    }

    /// <summary>
    /// Labels the result, which is an entry of its own for each set of tags. With a tag, or with <see cref="DependsOn{TEntity}"/>, SQL that the
    /// cache cannot read (<c>FromSql</c>, <c>SqlQuery</c>, functions of the database) is cached too: with tags alone, for its time to live.
    /// </summary>
    /// <param name="tags">The tags, such as <c>trending</c> or <c>posts:456</c>.</param>
    /// <returns>The same builder.</returns>
    public CacheableOptionsBuilder Tags(params string[] tags)
    {
        ArgumentNullException.ThrowIfNull(tags);
        foreach (var tag in tags)
        {
            ArgumentException.ThrowIfNullOrWhiteSpace(tag, nameof(tags));
        }

        return Set(Options with { Tags = Options.Tags.With(tags) });
    }

    /// <summary>Makes the result also depend on every row of an entity's tables: for what SQL of your own, a view or a function reads.</summary>
    /// <typeparam name="TEntity">The entity; it must be mapped to a captured table.</typeparam>
    /// <returns>The same builder.</returns>
    public CacheableOptionsBuilder DependsOn<TEntity>()
        where TEntity : class
        => Set(Options with { DependsOn = Options.DependsOn.With([typeof(TEntity)]) });

    /// <summary>
    /// Lets nothing end the result but a change of this entity's tables, and its time to live; further calls add entities. For aggregates over
    /// fact tables that are loaded in bulk: leave those out of the capture (<c>IgnoreChangeEvents()</c>), so that loading costs nothing, and let the
    /// load end with a write to a small version table which the aggregates depend on.
    /// </summary>
    /// <typeparam name="TVersion">The entity; it must be mapped to a captured table.</typeparam>
    /// <returns>The same builder.</returns>
    /// <remarks>A change of what the query reads without a change of this entity is not seen before the time to live ends. Not for split queries.</remarks>
    public CacheableOptionsBuilder DependsOnlyOn<TVersion>()
        where TVersion : class
        => Set(Options with { IgnoresOwnTables = true, DependsOn = Options.DependsOn.With([typeof(TVersion)]) });

    /// <summary>
    /// Lets nothing end the result but its time to live, whatever changes: for aggregates that may be that old, and for tables whose changes are not
    /// captured. Rows of such a query are declared stale by up to the time to live.
    /// </summary>
    /// <returns>The same builder.</returns>
    /// <remarks>Not for split queries, whose parts would not belong together.</remarks>
    public CacheableOptionsBuilder UntilExpired() => Set(Options with { IgnoresOwnTables = true });

    /// <summary>
    /// Says which changes end the result, where <c>Cache:Invalidation:Strategy</c> says something else. <see cref="InvalidationStrategy.Cascade"/> is the one
    /// under which nothing is served that a known change has ended.
    /// </summary>
    /// <param name="strategy">The strategy.</param>
    /// <returns>The same builder.</returns>
    /// <remarks>
    /// Other strategies do not apply to queries that ask for a consistency level, to split queries, views and SQL of the application, which are treated as
    /// with <see cref="InvalidationStrategy.Cascade"/>; <see cref="UntilExpired"/> and <see cref="DependsOnlyOn{TVersion}"/> go before.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="strategy"/> is none of the three.</exception>
    public CacheableOptionsBuilder Invalidation(InvalidationStrategy strategy)
        => Enum.IsDefined(strategy) ? Set(Options with { Strategy = strategy }) : throw new ArgumentOutOfRangeException(nameof(strategy));

    /// <summary>
    /// Proves before each hit that the database has no change that this node has not applied: no read that begins after a commit, of any program
    /// on any node, is answered with older rows. One look at the event log serves all queries that wait for it; it costs about a round trip, and
    /// no connection of the pool. Without a listener, or when it does not answer within <c>Consistency:MaxWait</c>, the database is asked instead.
    /// </summary>
    /// <returns>The same builder.</returns>
    public CacheableOptionsBuilder Strict() => Set(Options with { Level = ConsistencyLevel.Strict, MaxStaleness = null });

    /// <summary>Serves nothing that this node knows to be older than a commit, its own or one it has heard of; the default, unless the configuration says otherwise.</summary>
    /// <returns>The same builder.</returns>
    public CacheableOptionsBuilder ReadYourWrites() => Set(Options with { Level = ConsistencyLevel.ReadYourWrites, MaxStaleness = null });

    /// <summary>
    /// Goes on serving a result that a change has ended, or of whose changes nothing is heard, for this time; the outcome is
    /// <see cref="CacheOutcome.Stale"/>. After it the database is read. It spares the database where a hot table ends results all the time. Who has
    /// written, in the same context or <see cref="ConsistencyScope"/>, is not served what was before that; nor is anybody what
    /// <see cref="IStateCache"/> has ended.
    /// </summary>
    /// <param name="maxStaleness">How long ago the answer may have stopped being true: at least twice <c>Cdc:IdlePollInterval</c>, at most 365 days.</param>
    /// <param name="ownWritesToo">Whether who has written may be served what was before that too. The default value is <see langword="false"/>.</param>
    /// <returns>The same builder.</returns>
    /// <remarks>Results of split queries are served at <see cref="ConsistencyLevel.ReadYourWrites"/>: their parts would not belong together.</remarks>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxStaleness"/> is zero, negative or infinite.</exception>
    public CacheableOptionsBuilder BoundedStaleness(TimeSpan maxStaleness, bool ownWritesToo = false) => Set(Options with
    {
        Level = ConsistencyLevel.BoundedStaleness,
        MaxStaleness = Checked(maxStaleness, nameof(maxStaleness)),
        OwnWritesToo = ownWritesToo,
    });

    /// <summary>Keeps one result for each user, by the value that <c>VaryByUser</c> gives.</summary>
    /// <param name="perUser">Whether users have results of their own. The default value is <see langword="true"/>.</param>
    /// <returns>The same builder.</returns>
    public CacheableOptionsBuilder PerUser(bool perUser = true) => Set(Options with { PerUser = perUser });

    /// <summary>
    /// When the database cannot be reached, serves the last known rows instead of the error, if they were read within the bound; the outcome
    /// is then <see cref="CacheOutcome.Stale"/>. As soon as the database answers, its rows are served again.
    /// </summary>
    /// <param name="maxStaleness">The oldest rows that are acceptable: more than zero, at most 365 days.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxStaleness"/> is zero, negative or infinite.</exception>
    public CacheableOptionsBuilder FailSafe(TimeSpan maxStaleness)
        => Set(Options with { FailSafe = Checked(maxStaleness, nameof(maxStaleness)) });

    /// <summary>Ends a result that nobody has asked for during this time, before its time to live is over. This process's memory only.</summary>
    /// <param name="idle">More than zero, at most 365 days.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="idle"/> is zero, negative or infinite.</exception>
    public CacheableOptionsBuilder Sliding(TimeSpan idle) => Set(Options with { Sliding = Checked(idle, nameof(idle)) });

    /// <summary>
    /// Reads the database anew shortly before the time to live ends, while the result is still served, so that a query in demand never waits:
    /// one execution refreshes, all others are served from memory.
    /// </summary>
    /// <param name="beforeEnd">How long before the end: more than zero, and less than the time to live.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="beforeEnd"/> is zero, negative or infinite.</exception>
    public CacheableOptionsBuilder RefreshAhead(TimeSpan beforeEnd)
        => Set(Options with { RefreshAhead = Checked(beforeEnd, nameof(beforeEnd)) });

    /// <summary>
    /// Serves a result beyond its time to live for as long as the event log proves that nothing it depends on has changed: without a query, at both
    /// levels. The time to live then bounds only what cannot be proven: a node without a listener, SQL whose dependencies are declared,
    /// <see cref="UntilExpired"/> and <see cref="DependsOnlyOn{TVersion}"/>, and materialised views.
    /// </summary>
    /// <param name="atMost">After this time the database is asked all the same: more than zero, at most 365 days. Less than the time to live has no effect.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="atMost"/> is zero, negative or infinite.</exception>
    public CacheableOptionsBuilder WhileProven(TimeSpan atMost) => Set(Options with { WhileProven = Checked(atMost, nameof(atMost)) });

    /// <summary>How long a miss may take; one that takes longer is logged as a warning and counted.</summary>
    /// <param name="budget">More than zero, at most 365 days.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="budget"/> is zero, negative or infinite.</exception>
    public CacheableOptionsBuilder MissBudget(TimeSpan budget) => Set(Options with { MissBudget = Checked(budget, nameof(budget)) });

    internal static CacheableOptions Build(Action<CacheableOptionsBuilder> configure)
    {
        var builder = new CacheableOptionsBuilder();
        configure(builder);
        return builder.Options;
    }

    private static TimeSpan Checked(TimeSpan value, string parameter)
    {
        CacheTtl.Check(value, parameter);
        return value;
    }

    private CacheableOptionsBuilder Set(CacheableOptions options)
    {
        Options = options;
        return this;
    }
}
