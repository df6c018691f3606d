namespace FraiseQL.EfCore.State.AspNetCore;

internal static class DashboardStrings
{
    public const string NoState = "MapFraiseQLState(): there is nothing to show. Call builder.Services.AddFraiseQLState<TContext>() before the application is built.";

    public const string NotProtected =
        "The dashboard of FraiseQL state is mapped without authorization, and this is not the environment Development: it answers 403. "
        + "Add a policy, app.MapFraiseQLState(…).RequireAuthorization(\"policy\"), or open it deliberately, .AllowAnonymous().";

    public const string NotOwnPage = "Only the dashboard's own page may do this: a POST of application/json from the same origin, with the header 'X-FraiseQL: 1'.";

    public const string NoActions = "FraiseQLStateDashboardOptions.AllowActions is off: this dashboard only shows.";

    public const string NotJson = "The body is not the JSON object that is expected, or is longer than 16 KB.";

    public const string NothingNamed = "The request names nothing: give 'name' for a tag, an entity or a query, 'group' for a group, and 'seq' for a dead letter.";

    public const string UnknownTarget = "'target' is one of tag, entity, query and all.";

    public const string NotThere = "That is not there, or somebody has done it already.";

    public static string UnknownContext(string name, IEnumerable<string> known) => $"There is no context '{name}'. Known are: {string.Join(", ", known)}.";

    public static string UnknownEntity(string name) => $"'{name}' is no entity whose changes are captured.";

    public static string Failed(string error) => $"The database did not do it ({error}); nothing is known to have changed. The log says more.";
}
