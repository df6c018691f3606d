namespace FraiseQL.EfCore.State;

internal static partial class StateStrings
{
    public static string CannotShare(string reason) =>
        $"CacheableQuery.Compile() gives every caller the same objects, and cannot do so with this query: {reason} "
        + "Or use EF.CompileAsyncQuery() with .Cacheable(), which makes new objects for each caller.";

    public static string CompiledNeedsUseFraiseQLState(string context) =>
        $"A query of CacheableQuery.Compile() needs UseFraiseQLState(): call it where {context} is configured, beside UseNpgsql(…).";

    public static string SettableMember(string member) =>
        $"{member} can be set after the object was made. Make it init-only, or select into a record.";

    public static string NotFixedType(string what, string type) =>
        $"{what} is of type {type}, and an object of it can be changed, or may be of a type that can. "
        + "Select single values, records of them, or ImmutableArray<T>.";

    public static string NotSealed(string type) =>
        $"{type} is not sealed, and not every one in the result is made by `new {type}(…)` in the query, so it may be of a derived type that can be "
        + $"changed. Seal {type}, or select into it.";

    public static string EntityInResult(string type) =>
        $"{type} is an entity of the context's model, which EF tracks. Select the values that are needed into a record.";

    public static string TrackedResult =>
        "AsTracking() asks for entities that EF tracks. Remove it, and select the values that are needed into a record.";

    public static string Captured(string name) =>
        $"It reads '{name}' from outside of the lambda, whose value EF would fix with the first execution. Make it a parameter of the lambda.";

    public static string ReadsStatic(string member) =>
        $"It reads {member}, which may have another value each time. Make it a parameter of the lambda.";

    public static string ReadsContext(string member) =>
        $"It reads {member} of the context, whose value EF would fix with the first execution. Make it a parameter of the lambda.";

    public static string ContextPassedOn =>
        "It hands the context itself on. Use only its sets (db.Posts, db.Set<Post>()), and make what else is needed a parameter of the lambda.";

    public static string CallsMethod(string method) =>
        $"It calls {method}, whose result may differ each time. Call it before, and make its result a parameter of the lambda; "
        + "or call it on the result.";

    public static string ParameterNotExact(string? parameter, string type) =>
        $"Its parameter '{parameter}' is of type {type}, which has no exact form in a key. Pass numbers, texts, dates, Guids, enums, or arrays of them.";

    public static string FilterNotKeyed(string entity, string what) =>
        $"The query filter of {entity} {what}, which cannot be part of the key. Let the filter read fields and properties of the context only, "
        + "of types with an exact form (numbers, texts, dates, Guids, enums).";

    public const string NotAQuery =
        "It ends with something else than a query or an operator of Queryable (First, Single, Count, Any, Sum …). "
        + "End the lambda with the query itself.";

    public static string NotAQueryable(string type) =>
        $"Its result is inferred as {type}. End the lambda with .Cacheable() or .AsQueryable().";
}
