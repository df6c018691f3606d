namespace FraiseQL.EfCore.State.Query;

/// <summary>Why a query marked <c>.Cacheable</c> is not cached. The codes are stable: they appear in logs and metrics.</summary>
internal sealed record Refusal(string Code, string Reason)
{
    /// <summary>Whether <c>DependsOn</c> or <c>Tags</c> make up for what the cache cannot read.</summary>
    public bool CanBeDeclared { get; init; }

    /// <summary>Whether it does not matter to a query that its own tables do not invalidate (<c>DependsOnlyOn</c>, <c>UntilExpired</c>).</summary>
    public bool CanBeIgnored { get; init; }

    /// <summary>Of several reasons the one is told that is the harder to lift.</summary>
    public int Hardness => CanBeDeclared ? 0 : CanBeIgnored ? 1 : 2;

    public static Refusal IgnoringSplit { get; } = new(
        "split-query", "DependsOnlyOn and UntilExpired let changes pass unseen, and the parts of a split query would not belong together; use AsSingleQuery()");

    public static Refusal UserScope { get; } = new(
        "user-scope", "it is cached per user, but nothing says who the user is; call VaryByUser(…) on what AddFraiseQLState() returns");

    public static Refusal ScopeFailed { get; } = new(
        "scope-failed", "a function given to VaryBy, VaryByUser or VaryBySessionVariable threw");

    public static Refusal OpaqueSource(string what) => new(
        "opaque-source", $"{what} cannot be traced to tables, so a change could not invalidate it; name what it reads: .Cacheable(o => o.DependsOn<TEntity>())") { CanBeDeclared = true };

    public static Refusal NotCaptured(string relation) => new(
        "not-captured", $"changes of {relation} are not captured (a view, a table without a primary key, or IgnoreChangeEvents())") { CanBeIgnored = true };

    public static Refusal Volatile(string function) => new(
        "volatile-function", $"{function}() gives another value each time; compute it in the application and pass it as a parameter");

    public static Refusal ColumnType(string type) => new(
        "column-type", $"a column read as {type} has no exact cached form");

    public static Refusal ParameterType(string type) => new(
        "parameter-type", $"a parameter of type {type} has no exact form in a key");

    public static Refusal UnknownParameter { get; } = new(
        "unknown-parameter", "a parameter of the command could not be traced to the query");

    public static Refusal SqlWrites(string word) => new(
        "sql-writes", $"the SQL has the word {word}, so it may write, lock or change the session; read with a SELECT alone");

    public static Refusal Temporary(string name) => new(
        "temporary-table", $"{name} is the session's own: other sessions have other rows");

    public static Refusal MaterializedView(string name) => new(
        "materialized-view", $"{name} changes when it is refreshed, which no trigger sees; let this library refresh it (RefreshOn<TSource>()), or name what ends the result: .Cacheable(o => o.Tags(…))") { CanBeDeclared = true };

    public static Refusal ForeignTable(string name) => new(
        "foreign-table", $"{name} is on another server, whose changes are not captured") { CanBeIgnored = true };

    public static Refusal RowSecurity(string name) => new(
        "row-level-security", $"{name} has row-level security: which rows a session sees hangs on its role and settings");

    public static Refusal Inherited(string name) => new(
        "inherited-table", $"rows of {name} are read through the table that it inherits from, and its changes are captured as its own only") { CanBeIgnored = true };
}
