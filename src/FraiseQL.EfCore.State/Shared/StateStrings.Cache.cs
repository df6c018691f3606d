namespace FraiseQL.EfCore.State;

internal static partial class StateStrings
{
    public const string InvalidationNotTold =
        "The database could not be reached: this node has ended its cached results, and the other nodes were not told. Call again when the database "
        + "answers; until then they may serve what they have for its time to live.";

    public const string InvalidateMissingRight =
        "The role of this connection may not announce invalidations. As the owner of the schema fraiseql run: grant usage on schema fraiseql to <role>; "
        + "grant execute on function fraiseql.invalidate(json) to <role>. The other nodes were not told.";

    public const string InvalidateMissingFunction =
        "The event log of this database is older than this library and lacks fraiseql.invalidate(json). Run migrations-templates/v1/event_log.sql, which may be "
        + "run any number of times. The other nodes were not told.";

    public static string InvalidateNeedsUseFraiseQLState(string context) =>
        $"{context} has no cache to invalidate: call optionsBuilder.UseFraiseQLState() where it is configured, beside UseNpgsql(…).";

    public static string InvalidateNotCaptured(string entity) =>
        $"No cached result depends on rows of {entity}: it has no captured table in this context. Label such queries with .Cacheable(o => o.Tags(\"…\")) "
        + "and invalidate the tag, or remove IgnoreChangeEvents() from the entity.";

    public static string InvalidateNotADependency(string entity, string property) =>
        $"No cached result depends on values of {entity}.{property}: only keys, foreign keys and what HasChangeEvents(e => e.DependsOn(…)) names end results by "
        + $"value. Invalidate the whole entity (Entity<{entity}>()), or add DependsOn(x => x.{property}) in OnModelCreating.";

    public static string InvalidateNotAProperty(string entity) =>
        $"The expression must be a mapped property of {entity}, such as x => x.AuthorId.";

    public static string InvalidateKeyCount(string entity, int expected, int given) =>
        $"The primary key of {entity} has {expected} values, but {given} were given. Give all of them, in the order of the key.";

    public static string InvalidateType(string entity, string property, string expected, string given) =>
        $"{entity}.{property} is of type {expected}, but the value is of type {given}. Convert it first: a value of another type would name other results.";
}
